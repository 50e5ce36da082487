import { expect } from "chai";
import { signerId } from "../../src/domain/identity.ts";
import type { Channel } from "../../src/inbound/channel.ts";
import { aRequest, fixture, read, readJson, shipped } from "../inbound/posts.ts";
import { aDocument } from "../support/builders.ts";

const EVENTS = {
  signature_request_created: ["document.created"],
  signature_request_sent: ["document.sent"],
  signature_request_viewed: ["signer.viewed"],
  signature_request_signed: ["signer.signed"],
  signature_request_approved: ["document.completed"],
  signature_request_declined: ["signer.declined", "document.declined"],
  signature_request_downloadable: ["document.downloadable"],
  signature_request_canceled: ["document.canceled"],
  signature_request_cancel_failed: ["document.cancel_failed"],
  signature_request_invalid: ["document.failed"],
  signature_request_due_date_updated: ["document.due_date_changed"],
};

for (const name of ["account", "app"]) {
  describe(`Lumin's ${name} webhook`, () => {
    let channel: Channel;
    before(async () => {
      channel = await shipped("lumin", name);
    });

    const post = (event: Record<string, unknown>, request: Record<string, unknown> = {}) =>
      readJson(
        {
          event: { event_time: 1694664207595, event_type: "signature_request_viewed", ...event },
          signature_request: { signature_request_id: "req-1", ...request },
        },
        channel,
      );
    const signers = (...list: unknown[]) => post({}, { signers: list }).drafts[0]?.signers;

    for (const [word, types] of Object.entries(EVENTS)) {
      it(`reads ${word} as ${types.join(" and ")}`, () => {
        const { drafts, problems } = post({ event_type: word });
        expect(problems).to.deep.equal([]);
        expect(drafts.map(({ type }) => type)).to.deep.equal(types);
        for (const { document, signer, code } of drafts) {
          expect(document?.id).to.equal("req-1");
          expect(signer).to.equal(null);
          expect(code).to.deep.include({ object: null, value: word, name: null });
        }
      });
    }

    it("reads the documented examples", () => {
      const vector = read(aRequest({ body: fixture("lumin/vector.json") }), channel);
      expect(vector.problems).to.deep.equal([]);
      expect(vector.drafts).to.have.length(1);
      expect(vector.drafts[0]).to.deep.include({
        type: "document.sent",
        time: 1694664207595,
        document: {
          id: "fa5c8a0b0f492d768749333ad6fcc214c111e967",
          title: "My first request",
          tags: null,
          references: null,
          test: null,
          expiresAt: null,
        },
        signers: [],
      });

      const { drafts } = read(aRequest({ body: fixture("lumin/downloadable.json") }), channel);
      const id = "68d558daa153cb3c30718518";
      expect(drafts[0]).to.deep.include({
        type: "document.downloadable",
        document: { ...aDocument(id), title: "Test webhook", expiresAt: 1827510980694 },
        signers: [
          {
            id: signerId(id, "john.doe@example.com"),
            name: "John Doe",
            email: "john.doe@example.com",
            role: null,
            status: "signed",
          },
        ],
      });
      expect(JSON.stringify(drafts)).not.to.contain("not-a-real-token");
    });

    it("takes times that are strings of digits", () => {
      const { drafts } = post({ event_time: "1694664207595" }, { expires_at: "1827510980694" });
      expect(drafts[0]?.time).to.equal(1694664207595);
      expect(drafts[0]?.document?.expiresAt).to.equal(1827510980694);
    });

    it("takes is_approved, or the older is_complete, for a signature, and not the status", () => {
      const statuses = signers(
        { email: "a@x", status: "WAITING_FOR_OTHERS", is_approved: true },
        { email: "b@x", status: "APPROVED", is_approved: false },
        { email: "c@x", status: "NEED_TO_SIGN", is_complete: true },
        { email: "d@x", status: "REJECTED", is_approved: false },
        { email: "e@x", status: "NEED_TO_SIGN", is_approved: false },
      )?.map(({ status }) => status);
      expect(statuses).to.deep.equal(["signed", null, "signed", "declined", null]);
    });

    it("identifies signers by document and address, without regard to case", () => {
      const [found] = signers({ name: "A", email_address: "Ada@Example.com" }) ?? [];
      expect(found).to.deep.include({ email: "Ada@Example.com", id: signerId("req-1", "ada@example.com") });
      expect(signers({ name: "without an address" }, { email: "a@x" }, { email: "A@x" })).to.have.length(1);
    });

    it("makes an unknown event of an unknown type", () => {
      const { drafts, problems } = post({ event_type: "signature_request_reminded" });
      expect(problems).to.deep.equal([]);
      expect(drafts.map(({ type, document }) => [type, document?.id])).to.deep.equal([["unknown", "req-1"]]);
    });

    it("reports a type at the top level, and a document without an id", () => {
      expect(
        readJson({ event_type: "signature_request_signed" }, channel).problems.map(({ field, item }) => [
          field,
          item,
        ]),
      ).to.deep.equal([
        ["event.event_type", null],
        ["event.event_time", null],
      ]);
      expect(post({}, { signature_request_id: null }).problems[0]).to.include({
        kind: "missing",
        field: "signature_request.signature_request_id",
      });
    });
  });
}
