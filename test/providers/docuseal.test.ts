import { expect } from "chai";
import { tidy } from "../support/bridge.ts";
import { bodyOf, start } from "./stage.ts";

describe("DocuSeal", () => {
  afterEach(tidy);
  const body = bodyOf("docuseal", "declined");

  it("is refused when its stamp is more than five minutes off", async () => {
    const { tell } = await start("docuseal");
    expect((await tell(body, -301)).status).to.equal(401);
    expect((await tell(body, 301)).status).to.equal(401);
    expect((await tell(body, -299)).status).to.equal(200);
  });

  it("needs no signature from an older installation that sends a secret header", async () => {
    const { post } = await start("docuseal", {
      channel: "{ headers: { X-Bridge-Key: [sixteen-characters] } }",
    });
    const sent = async (headers: Record<string, string>) =>
      (await post("/in/docuseal/webhook", body, headers)).status;
    expect(await sent({ "x-bridge-key": "sixteen-characters" })).to.equal(200);
    expect(await sent({ "x-bridge-key": "other-characters" })).to.equal(401);
    expect(await sent({})).to.equal(401);
  });
});
