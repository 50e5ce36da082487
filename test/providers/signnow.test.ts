import { expect } from "chai";
import { tidy } from "../support/bridge.ts";
import { bodyOf, hmac, start } from "./stage.ts";

describe("SignNow", () => {
  afterEach(tidy);

  it("is one event where a document's and its user's events are both subscribed to", async () => {
    const { tell, events } = await start("signnow");
    for (const name of ["signed", "signed-told-for-the-document"]) await tell(bodyOf("signnow", name));
    expect((await events()).map(({ type }) => type)).to.deep.equal(["signer.signed"]);
  });

  it("may sign in hexadecimal, too", async () => {
    const { post } = await start("signnow");
    const body = bodyOf("signnow", "completed");
    const signature = hmac("signnow-secret-0001", body).digest("hex");
    expect((await post("/in/signnow/webhook", body, { "x-signnow-signature": signature })).status).to.equal(
      200,
    );
  });
});
