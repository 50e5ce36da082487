import { expect } from "chai";
import { ordersOf } from "../domain/orders.ts";
import { startReceiver, tidy } from "../support/bridge.ts";
import { describeEvent, start } from "./stage.ts";

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
  const STORY = [
    post("DOCUMENT_SIGNED", all(21, null, null)),
    post("DOCUMENT_SIGNED", all(21, 22, null)),
    post("DOCUMENT_SIGNED", all(21, 22, 23)),
    post("DOCUMENT_COMPLETED", all(21, 22, 23, 30), "COMPLETED"),
  ];

  for (const order of ordersOf([0, 1, 2, 3])) {
    it(`names who signed and who only looked, once each, whatever comes first: ${order.join(" ")}`, async () => {
      const { tell, events } = await start("documenso");
      await tell(SENT);
      for (const index of order) await tell(STORY[index] ?? "");
      for (const body of STORY) await tell(body.replace(t(12), t(59)));
      const told = (await events()).map(describeEvent);
      expect(told).to.have.members([
        "document.sent in envelope_a",
        "signer.signed of 1 in envelope_a",
        "unknown of 2 in envelope_a",
        "signer.signed of 3 in envelope_a",
        "document.completed in envelope_a",
        "document.downloadable in envelope_a",
      ]);
    });
  }

  it("tells two openings as two, and each of them once", async () => {
    const { tell, events } = await start("documenso");
    const opened = [
      post("DOCUMENT_OPENED", [person(1, "SIGNER", null, true), person(3, "SIGNER", null)]),
      post("DOCUMENT_OPENED", [person(1, "SIGNER", null, true), person(3, "SIGNER", null, true)]),
    ];
    for (const body of [...opened, ...opened.map((one) => one.replace(t(12), t(59)))]) await tell(body);
    expect((await events()).map(({ type }) => type)).to.deep.equal(["signer.viewed", "signer.viewed"]);
  });

  it("has recipients' tokens, with which one can sign, in no event", async () => {
    const receiver = await startReceiver();
    const { tell, admin } = await start("documenso", { receiver: receiver.url });
    await tell(SENT);
    const [delivered] = await receiver.got(1);
    const shown = await Promise.all(
      ["/api/v1/events", "/api/v1/documents", "/api/v1/documents/envelope_a"].map((path) => admin(path)),
    );
    expect(JSON.stringify(shown.map(({ body }) => body)))
      .to.include("envelope_a")
      .and.not.include("not-a-real");
    expect(delivered?.body.toString()).to.include("envelope_a").and.not.include("not-a-real");
  });
});
