import { expect } from "chai";
import { ordersOf } from "../domain/orders.ts";
import { startReceiver, tidy } from "../support/bridge.ts";
import { describeEvent, startProvider } from "./provider-bridge.ts";

describe("Documenso", () => {
  afterEach(tidy);
  const t = (minute: number) => `2026-03-02T10:${minute}:00.000Z`;
  const person = (id: number, role: string, signed: number | null, opened = signed !== null) => ({
    id,
    email: `p${id}@example.com`,
    name: `P ${id}`,
    role,
    readStatus: opened ? "OPENED" : "NOT_OPENED",
    signingStatus: signed === null ? "NOT_SIGNED" : "SIGNED",
    sendStatus: "SENT",
    signedAt: signed === null ? null : t(signed),
    token: "not-a-real-token",
  });
  const post = (event: string, recipients: object[], status = "PENDING") =>
    JSON.stringify({
      event,
      payload: {
        id: 10,
        envelopeId: "envelope_a",
        title: "Lease",
        status,
        updatedAt: t(11),
        completedAt: status === "COMPLETED" ? t(30) : null,
        recipients,
        Recipient: recipients,
      },
      createdAt: t(12),
    });
  const all = (ada: number | null, vic: number | null, abe: number | null, cc: number | null = null) => [
    person(1, "SIGNER", ada),
    person(2, "VIEWER", vic),
    person(3, "APPROVER", abe),
    person(4, "CC", cc, false),
  ];
  const SENT = post("DOCUMENT_SENT", all(null, null, null));
  const UPDATES = [
    post("DOCUMENT_SIGNED", all(21, null, null)),
    post("DOCUMENT_SIGNED", all(21, 22, null)),
    post("DOCUMENT_SIGNED", all(21, 22, 23)),
    post("DOCUMENT_COMPLETED", all(21, 22, 23, 30), "COMPLETED"),
  ];

  for (const order of ordersOf([0, 1, 2, 3])) {
    it(`records signers and viewers once each, in any order: ${order.join(" ")}`, async () => {
      const { send, events } = await startProvider("documenso");
      await send(SENT);
      for (const index of order) await send(UPDATES[index] ?? expect.fail(`no update ${index}`));
      for (const body of UPDATES) await send(body.replace(t(12), t(59)));
      const shown = (await events()).map(describeEvent);
      expect(shown).to.have.members([
        "document.sent in envelope_a",
        "signer.signed of 1 in envelope_a",
        "unknown of 2 in envelope_a",
        "signer.signed of 3 in envelope_a",
        "document.completed in envelope_a",
        "document.downloadable in envelope_a",
      ]);
    });
  }

  it("records two openings as two events, and their repeats as none", async () => {
    const { send, events } = await startProvider("documenso");
    const opened = [
      post("DOCUMENT_OPENED", [person(1, "SIGNER", null, true), person(3, "SIGNER", null)]),
      post("DOCUMENT_OPENED", [person(1, "SIGNER", null, true), person(3, "SIGNER", null, true)]),
    ];
    for (const body of [...opened, ...opened.map((one) => one.replace(t(12), t(59)))]) await send(body);
    expect((await events()).map(({ type }) => type)).to.deep.equal(["signer.viewed", "signer.viewed"]);
  });

  it("shows recipients' tokens, with which anyone can sign, in no event", async () => {
    const receiver = await startReceiver();
    const { send, admin } = await startProvider("documenso", { receiver: receiver.url });
    await send(SENT);
    const [delivered] = await receiver.got(1);
    const answers = await Promise.all(
      ["/api/v1/events", "/api/v1/documents", "/api/v1/documents/envelope_a"].map((path) => admin(path)),
    );
    expect(JSON.stringify(answers.map(({ body }) => body)))
      .to.include("envelope_a")
      .and.not.include("not-a-real");
    expect(delivered?.body.toString()).to.include("envelope_a").and.not.include("not-a-real");
  });
});
