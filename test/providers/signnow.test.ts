import { expect } from "chai";
import { tidy } from "../support/bridge.ts";
import { bodyOf, hmac, startProvider } from "./provider-bridge.ts";

describe("SignNow", () => {
  afterEach(tidy);

  it("has one event where events of a document and of its user are both subscribed to", async () => {
    const { send, events } = await startProvider("signnow");
    for (const name of ["signed", "signed-told-for-the-document"]) await send(bodyOf("signnow", name));
    expect((await events()).map(({ type }) => type)).to.deep.equal(["signer.signed"]);
  });

  it("may sign in hexadecimal as well", async () => {
    const { post } = await startProvider("signnow");
    const body = bodyOf("signnow", "completed");
    const signature = hmac("signnow-secret-0001", body).digest("hex");
    expect((await post("/in/signnow/webhook", body, { "x-signnow-signature": signature })).status).to.equal(
      200,
    );
  });
});
