import { createHmac } from "node:crypto";
import { expect } from "chai";
import { wants } from "../../src/domain/destination.ts";
import { DOCUMENT_STATUSES, EVENT_TYPES, type Event, SIGNER_STATUSES } from "../../src/domain/event.ts";
import { encodeLumin, hasLuminWord, isKnownToLumin } from "../../src/outbound/format-lumin.ts";
import { readJson, shipped } from "../inbound/posts.ts";
import { configText, FORM, SECRET, startBridge, startReceiver, TOKEN, tidy } from "../support/bridge.ts";
import { anEvent } from "./fixtures.ts";

const bodyOf = (event: Event) => JSON.parse(encodeLumin(event).body.toString());
const documentOf = (given: Partial<NonNullable<Event["document"]>> = {}) => ({
  id: "doc-1",
  title: "Lease",
  status: "in_progress" as const,
  downloadable: false,
  tags: [],
  references: {},
  test: null,
  expiresAt: null,
  ...given,
});

describe("the format lumin", () => {
  it("has the body that Lumin documents, and no further members", () => {
    const event = anEvent({
      document: documentOf({ expiresAt: "2027-01-01T00:00:00.000Z" }),
      signers: [
        { id: "s1", name: "Ada", email: "ada@example.com", role: null, status: "signed" },
        { id: "s2", name: null, email: null, role: null, status: null },
      ],
    });
    expect(encodeLumin(event).contentType).to.equal("application/json; charset=utf-8");
    expect(bodyOf(event)).to.deep.equal({
      event: { event_time: Date.parse(event.time), event_type: "signature_request_signed" },
      signature_request: {
        signature_request_id: "doc-1",
        title: "Lease",
        expires_at: Date.UTC(2027, 0, 1),
        status: "WAITING_FOR_OTHERS",
        signers: [
          { name: "Ada", email: "ada@example.com", status: "APPROVED", is_approved: true },
          { name: null, email: null, status: "NEED_TO_SIGN", is_approved: false },
        ],
      },
    });
  });

  it("omits an unknown expiry", () => {
    expect(bodyOf(anEvent()).signature_request).not.to.have.property("expires_at");
  });

  it("uses only statuses that Lumin publishes", () => {
    const requests = DOCUMENT_STATUSES.filter((status) => status !== "expired").map(
      (status) => bodyOf(anEvent({ document: documentOf({ status }) })).signature_request.status,
    );
    expect(requests).to.deep.equal([
      "WAITING_FOR_PROCESSING",
      "WAITING_FOR_OTHERS",
      "WAITING_FOR_OTHERS",
      "APPROVED",
      "REJECTED",
      "CANCELLED",
      "FAILED",
    ]);
    const signers = SIGNER_STATUSES.map((status) => ({
      id: status,
      name: null,
      email: null,
      role: null,
      status,
    }));
    const statuses: Record<string, string>[] = bodyOf(anEvent({ signers })).signature_request.signers;
    expect(statuses.map(({ status }) => status)).to.have.length(SIGNER_STATUSES.length);
    for (const { status } of statuses)
      expect(status).to.be.oneOf(["NEED_TO_SIGN", "WAITING_FOR_OTHERS", "APPROVED", "REJECTED"]);
    expect(statuses.filter(({ is_approved }) => is_approved)).to.have.length(1);
  });

  describe("reads back, by our own mapping of Lumin's webhooks, as the same event", () => {
    for (const type of EVENT_TYPES.filter(hasLuminWord)) {
      it(type, async () => {
        const event = anEvent({
          type,
          document: documentOf({ expiresAt: "2027-01-01T00:00:00.000Z" }),
          signers: [
            { id: "s1", name: "Ada", email: "ada@example.com", role: null, status: "signed" },
            { id: "s2", name: "Bob", email: "bob@example.com", role: null, status: "declined" },
            { id: "s3", name: "Cyd", email: "cyd@example.com", role: null, status: null },
          ],
        });
        const { drafts, problems } = readJson(bodyOf(event), await shipped("lumin", "account"));
        expect(problems).to.deep.equal([]);
        // One post of Lumin reports both that a signer declined and that the document is declined.
        const types = type === "document.declined" ? ["signer.declined", type] : [type];
        expect(drafts.map((draft) => draft.type)).to.deep.equal(types);
        const [draft] = drafts;
        expect(draft?.time).to.equal(Date.parse(event.time));
        expect(draft?.document).to.deep.include({
          id: "doc-1",
          title: "Lease",
          expiresAt: Date.UTC(2027, 0, 1),
        });
        expect(draft?.signers.map(({ name, email, status }) => ({ name, email, status }))).to.deep.equal(
          event.signers.map(({ name, email, status }) => ({ name, email, status })),
        );
      });
    }
  });

  it("has Lumin's word for every type, but one word for a signer's and the document's declining", () => {
    expect(EVENT_TYPES.filter((type) => !hasLuminWord(type))).to.deep.equal([
      "document.fields_completed",
      "document.expired",
      "signer.unsent",
      "signer.scheduled",
      "signer.sent",
      "signer.bounced",
      "signer.email_opened",
      "signer.fields_completed",
      "signer.awaiting_signature",
      "signer.awaiting_witness",
      "signer.downloaded",
      "signer.declined",
      "signer.visit_failed",
      "unknown",
    ]);
  });

  it("does not support other types, unknown documents and expired ones", () => {
    const wanted = (given: Partial<Event>) =>
      wants({ events: ["*"], supports: isKnownToLumin }, anEvent(given));
    expect(wanted({})).to.equal(true);
    const unsayable: Partial<Event>[] = [
      { type: "signer.downloaded" },
      { document: null },
      { document: documentOf({ status: "expired" }) },
    ];
    for (const given of unsayable) {
      expect(wanted(given)).to.equal(false);
      expect(() => encodeLumin(anEvent(given))).to.throw("lumin has no words");
    }
  });
});

describe("what Legalesign sends, forwarded in the format lumin", () => {
  afterEach(tidy);

  it("is read by a bridge's Lumin source, and verified by a receiver as Lumin documents", async () => {
    const last = await startReceiver();
    const second = await startBridge(
      configText(`destinations: { end: { url: "${last.url}", secrets: ["${SECRET}"] } }`),
    );
    const eavesdropper = await startReceiver();
    const url = `${second.url}/in/lumin/account`;
    const first = await startBridge(
      configText(`destinations:
  old: { url: "${url}", format: lumin, secrets: ["raw:my_primary_api_key"] }
  ear: { url: "${eavesdropper.url}", format: lumin, secrets: ["raw:my_primary_api_key"] }`),
    );

    const uuid = "6619179c-5b01-4a5e-ae19-5e2d6eb1d8c7";
    const items = ["10", "30", "20", "100"].map((value, second) => ({
      value,
      timestamp: `2022-07-11T07:29:0${second}+00:00`,
      resource_uri: `/api/v1/document/${uuid}/`,
      name: "status",
    }));
    const body = new URLSearchParams({ data: JSON.stringify(items) }).toString();
    expect(await first.post(`/in/legalesign/batch?token=${TOKEN}`, body, FORM)).to.include({ status: 200 });

    const understood = await last.got(3);
    expect(understood.map(({ json }) => [json.type, json.data.document.id])).to.deep.equal(
      ["sent", "completed", "downloadable"].map((type) => [`esign.document.${type}`, uuid]),
    );
    for (const { headers, body } of await eavesdropper.got(3)) {
      const expected = createHmac("sha256", "my_primary_api_key").update(body).digest("hex");
      expect(headers["x-signature"]).to.equal(expected);
      expect(headers["user-agent"]).to.match(/^Countersign\//);
    }
  });
});
