import { expect } from "chai";
import { causeOf, describeFailure } from "../../src/outbound/failure.ts";

const failure = (code: string, message = "failed") => Object.assign(new Error(message), { code });

describe("causeOf", () => {
  it("distinguishes the causes of a failure", () => {
    const expected = {
      ENOTFOUND: "dns",
      EAI_AGAIN: "dns",
      ECONNREFUSED: "refused",
      ECONNRESET: "reset",
      EPIPE: "reset",
      ETIMEDOUT: "timeout",
      CERT_HAS_EXPIRED: "tls",
      DEPTH_ZERO_SELF_SIGNED_CERT: "tls",
      UNABLE_TO_VERIFY_LEAF_SIGNATURE: "tls",
      ERR_TLS_CERT_ALTNAME_INVALID: "tls",
      ERR_SSL_WRONG_VERSION_NUMBER: "tls",
      ERR_ADDRESS_BLOCKED: "blocked",
      EHOSTUNREACH: "other",
      HPE_INVALID_CONSTANT: "other",
    };
    for (const [code, cause] of Object.entries(expected))
      expect(causeOf(failure(code)), code).to.equal(cause);
    expect(causeOf(new Error("no code"))).to.equal("other");
    expect(causeOf("not even an error")).to.equal("other");
  });
});

describe("describeFailure", () => {
  it("shows of a URL only origin and path, for passwords and tokens live in the rest", () => {
    const text = describeFailure(
      new Error("cannot reach https://user:hush@crm.internal/hooks?token=hush#hush now"),
    );
    expect(text).to.equal("cannot reach https://crm.internal/hooks now");
  });

  it("falls back on the code, since errors of several addresses have no text", () => {
    expect(describeFailure(Object.assign(new AggregateError([], ""), { code: "ECONNREFUSED" }))).to.equal(
      "ECONNREFUSED",
    );
  });
});
