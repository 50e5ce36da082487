import { expect } from "chai";
import { tidy } from "../support/bridge.ts";
import { bodyOf, startProvider } from "./provider-bridge.ts";

describe("OpenSign", () => {
  afterEach(tidy);

  it("may send a token in the URL in place of a security key", async () => {
    const { post } = await startProvider("opensign", { channel: "{ token: a-token-nobody-guesses }" });
    const body = bodyOf("opensign", "signed");
    expect((await post("/in/opensign/webhook?token=a-token-nobody-guesses", body)).status).to.equal(200);
    expect((await post("/in/opensign/webhook", body)).status).to.equal(401);
  });

  it("has one event for each of two views whose times cannot be read", async () => {
    const { send, events } = await startProvider("opensign");
    const body = bodyOf("opensign", "viewed-at-a-time-in-ist");
    for (const one of [body, body.replace("15:44", "15:59"), body]) await send(one);
    expect(await events()).to.have.length(2);
  });
});
