import { expect } from "chai";
import { tidy } from "../support/bridge.ts";
import { bodyOf, NOW, PROVIDERS, start } from "./stage.ts";

describe("BoldSign", () => {
  afterEach(tidy);
  const verification = bodyOf("boldsign", "verification");

  it("gets 200 for the unsigned post that verifies a URL, and nothing is kept of it", async () => {
    const { post, admin } = await start("boldsign");
    expect((await post("/in/boldsign/webhook", verification)).status).to.equal(200);
    const receipts = await admin("/api/v1/receipts");
    const rejections = await admin("/api/v1/rejections");
    expect([receipts.body.items, rejections.body.items]).to.deep.equal([[], []]);
    expect(
      (await post("/in/boldsign/webhook", verification.replace("Verification", "Sent"))).status,
    ).to.equal(401);
  });

  it("may repeat an old post with its old stamp, unless the configuration says how old it may be", async () => {
    const body = bodyOf("boldsign", "signed");
    const lenient = await start("boldsign");
    expect((await lenient.tell(body, -3 * 86_400)).status).to.equal(200);
    const strict = await start("boldsign", { channel: '{ secrets: ["boldsign-secret-001"], maxAge: 5m }' });
    expect((await strict.tell(body, -301)).status).to.equal(401);
    expect((await strict.tell(body, -299)).status).to.equal(200);
  });

  it("is not believed when something stands behind a signature", async () => {
    const { post } = await start("boldsign");
    const body = bodyOf("boldsign", "signed");
    const { headers = {} } = PROVIDERS.boldsign?.send(body, NOW / 1_000) ?? {};
    const changed = { "x-boldsign-signature": `${headers["x-boldsign-signature"]}00` };
    expect((await post("/in/boldsign/webhook", body, changed)).status).to.equal(401);
  });
});
