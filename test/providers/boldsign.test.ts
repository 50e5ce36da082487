import { expect } from "chai";
import { tidy } from "../support/bridge.ts";
import { bodyOf, NOW, providerOf, startProvider } from "./provider-bridge.ts";

describe("BoldSign", () => {
  afterEach(tidy);
  const verification = bodyOf("boldsign", "verification");

  it("gets 200 for the unsigned post that verifies a URL, and leaves no receipt", async () => {
    const { post, admin } = await startProvider("boldsign");
    expect((await post("/in/boldsign/webhook", verification)).status).to.equal(200);
    const receipts = await admin("/api/v1/receipts");
    const rejections = await admin("/api/v1/rejections");
    expect([receipts.body.items, rejections.body.items]).to.deep.equal([[], []]);
    expect(
      (await post("/in/boldsign/webhook", verification.replace("Verification", "Sent"))).status,
    ).to.equal(401);
  });

  it("may repeat an old post with its old time, unless `maxAge` is configured", async () => {
    const body = bodyOf("boldsign", "signed");
    const lenient = await startProvider("boldsign");
    expect((await lenient.send(body, -3 * 86_400)).status).to.equal(200);
    const strict = await startProvider("boldsign", {
      channel: '{ secrets: ["boldsign-secret-001"], maxAge: 5m }',
    });
    expect((await strict.send(body, -301)).status).to.equal(401);
    expect((await strict.send(body, -299)).status).to.equal(200);
  });

  it("is refused when a signature is followed by other text", async () => {
    const { post } = await startProvider("boldsign");
    const body = bodyOf("boldsign", "signed");
    const { headers } = providerOf("boldsign").send(body, NOW / 1_000);
    const changed = { "x-boldsign-signature": `${headers["x-boldsign-signature"]}00` };
    expect((await post("/in/boldsign/webhook", body, changed)).status).to.equal(401);
  });
});
