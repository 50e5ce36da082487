import { expect } from "chai";
import { tidy } from "../support/bridge.ts";
import { bodyOf, start } from "./stage.ts";

describe("OpenSign", () => {
  afterEach(tidy);

  it("can do without a security key, with a token in the URL", async () => {
    const { post } = await start("opensign", { channel: "{ token: a-token-nobody-guesses }" });
    const body = bodyOf("opensign", "signed");
    expect((await post("/in/opensign/webhook?token=a-token-nobody-guesses", body)).status).to.equal(200);
    expect((await post("/in/opensign/webhook", body)).status).to.equal(401);
  });

  it("tells two views as two, also where their times cannot be read", async () => {
    const { tell, events } = await start("opensign");
    const body = bodyOf("opensign", "viewed-at-a-time-in-ist");
    for (const one of [body, body.replace("15:44", "15:59"), body]) await tell(one);
    expect(await events()).to.have.length(2);
  });
});
