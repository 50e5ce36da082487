import { expect } from "chai";
import { tidy } from "../support/bridge.ts";
import { bodyOf, startProvider } from "./provider-bridge.ts";

describe("DocuSeal", () => {
  afterEach(tidy);
  const body = bodyOf("docuseal", "declined");

  it("is refused when its time is more than five minutes off", async () => {
    const { send } = await startProvider("docuseal");
    expect((await send(body, -301)).status).to.equal(401);
    expect((await send(body, 301)).status).to.equal(401);
    expect((await send(body, -299)).status).to.equal(200);
  });

  it("may send a secret header in place of a signature, as older installations do", async () => {
    const { post } = await startProvider("docuseal", {
      channel: "{ headers: { X-Bridge-Key: [sixteen-characters] } }",
    });
    const statusFor = async (headers: Record<string, string>) =>
      (await post("/in/docuseal/webhook", body, headers)).status;
    expect(await statusFor({ "x-bridge-key": "sixteen-characters" })).to.equal(200);
    expect(await statusFor({ "x-bridge-key": "other-characters" })).to.equal(401);
    expect(await statusFor({})).to.equal(401);
  });
});
