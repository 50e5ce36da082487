import { expect } from "chai";
import { ordersOf } from "../domain/orders.ts";
import { tidy } from "../support/bridge.ts";
import { providerOf, startProvider } from "./provider-bridge.ts";

describe("PandaDoc", () => {
  afterEach(tidy);
  const changed = (status: string, minute: number, id = "pd-1") => ({
    event: "document_state_changed",
    data: {
      id,
      name: "Garden lease",
      status: `document.${status}`,
      date_modified: `2026-03-02T10:${String(minute).padStart(2, "0")}:00.000000Z`,
      recipients: [
        {
          id: "rec-1",
          first_name: "Mina",
          last_name: "Okoro",
          email: "mina.okoro@example.com",
          recipient_type: "signer",
          has_completed: status === "completed",
        },
      ],
    },
  });
  const CHANGES = [
    ["sent", 0],
    ["completed", 10],
    ["draft", 20],
    ["sent", 30],
    ["completed", 40],
  ] as const;
  const TYPES = [
    "document.sent",
    "document.completed",
    "document.created",
    "document.sent",
    "document.completed",
  ];

  it("has five events for a document that is drafted again, and is not completed in between", async () => {
    const { send, events, admin } = await startProvider("pandadoc");
    const statuses: unknown[] = [];
    for (const [status, minute] of CHANGES) {
      await send(JSON.stringify([changed(status, minute)]));
      const { body } = await admin("/api/v1/documents/pd-1");
      statuses.push([body.status, body.signers[0].status]);
    }
    expect((await events()).map(({ type }) => type)).to.deep.equal(TYPES);
    expect(statuses).to.deep.equal([
      ["sent", null],
      ["completed", "signed"],
      ["created", null],
      ["sent", null],
      ["completed", "signed"],
    ]);
  });

  it("has the same five events, and ends as completed, in any order of arrival", async () => {
    const { send, events, admin } = await startProvider("pandadoc");
    const orders = [...ordersOf(CHANGES)].filter((_, index) => index % 7 === 0);
    for (const [index, order] of orders.entries()) {
      const posts = order.map(([status, minute]) => JSON.stringify([changed(status, minute, `pd-${index}`)]));
      for (const body of [...posts, ...posts]) await send(body);
      const { body } = await admin(`/api/v1/documents/pd-${index}`);
      expect([body.status, body.signers[0].status, body.events.length], order.join(" ")).to.deep.equal([
        "completed",
        "signed",
        5,
      ]);
    }
    const types = (await events()).map(({ type }) => type);
    expect(types.filter((type) => type === "document.completed")).to.have.length(2 * orders.length);
  });

  it("is declined after it was marked as declined by hand", async () => {
    const { send, admin } = await startProvider("pandadoc");
    await send(JSON.stringify([changed("completed", 10), changed("declined", 20)]));
    expect((await admin("/api/v1/documents/pd-1")).body.status).to.equal("declined");
  });

  it("may have a token as well, as a segment of the path", async () => {
    const { post } = await startProvider("pandadoc", {
      channel: '{ secrets: ["panda-shared-key-01"], token: a-token-nobody-guesses }',
    });
    const body = JSON.stringify(changed("sent", 0));
    const { query } = providerOf("pandadoc").send(body, 0);
    expect((await post(`/in/pandadoc/webhook/a-token-nobody-guesses${query}`, body)).status).to.equal(200);
    expect((await post(`/in/pandadoc/webhook${query}`, body)).status).to.equal(401);
    expect((await post("/in/pandadoc/webhook/a-token-nobody-guesses", body)).status).to.equal(401);
    const asQuery = await post(`/in/pandadoc/webhook?token=a-token-nobody-guesses${query}`, body);
    expect(asQuery.status).to.equal(401);
    expect(asQuery.body.message).to.match(/second question mark: put the token into the path/);
  });
});
