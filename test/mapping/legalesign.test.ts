import { expect } from "chai";
import { dedupeKeyOf } from "../../src/domain/draft.ts";
import type { Channel } from "../../src/inbound/channel.ts";
import { aRequest, fixture, read, readForm, readJson, shipped } from "../inbound/posts.ts";
import { aDocument, aSigner } from "../support/builders.ts";
import { only } from "../support/only.ts";

const DOCUMENT = "6619179c-95da-4d5c-b7be-7bac0bac4088";
const SIGNER = "656926a1-a9e9-434b-91cc-9f9769254e99";

/** Each code of the two tables, with its event type. */
const CODES = {
  document: {
    10: "document.sent",
    20: "document.fields_completed",
    30: "document.completed",
    40: "document.canceled",
    50: "document.declined",
    100: "document.downloadable",
  },
  signer: {
    4: "signer.unsent",
    5: "signer.scheduled",
    10: "signer.sent",
    15: "signer.email_opened",
    20: "signer.viewed",
    30: "signer.fields_completed",
    35: "signer.awaiting_signature",
    39: "signer.awaiting_witness",
    40: "signer.signed",
    50: "signer.downloaded",
    60: "signer.declined",
  },
};

const REALTIME = {
  "document.created": "document.created",
  "document.rejected": "document.declined",
  "document.finalPdfCreated": "document.downloadable",
  "recipient.completed": "signer.signed",
  "recipient.rejected": "signer.declined",
  "recipient.emailOpened": "signer.email_opened",
  "recipient.visiting": "signer.viewed",
  "recipient.bounced": "signer.bounced",
};

describe("Legalesign's batch", () => {
  let batch: Channel;
  before(async () => {
    batch = await shipped("legalesign", "batch");
  });

  const item = (given: Record<string, unknown>) => ({
    value: "40",
    timestamp: "2022-07-11T07:29:06+00:00",
    resource_uri: `/api/v1/signer/${SIGNER}/`,
    name: "status",
    ...given,
  });
  const post = (...items: unknown[]) => readForm({ data: JSON.stringify(items) }, batch);

  for (const [object, codes] of Object.entries(CODES)) {
    for (const [value, type] of Object.entries(codes)) {
      it(`reads ${object} ${value} as ${type}`, () => {
        const { drafts, problems } = post(item({ value, resource_uri: `/api/v1/${object}/x-1/` }));
        expect(problems).to.deep.equal([]);
        expect(drafts).to.have.length(1);
        expect(drafts[0]).to.deep.include({ type, [object]: aFact(object, "x-1") });
        expect(drafts[0]?.code).to.deep.include({ object, value, name: "status" });
        expect(drafts[0]?.code.meaning).to.be.a("string");
      });
    }
  }

  it("makes eight drafts of the documented eight items, in their order", () => {
    const { drafts, problems } = read(aRequest({ body: fixture("legalesign/batch.form") }), batch);
    expect(problems).to.deep.equal([]);
    expect(drafts.map(({ type }) => type)).to.deep.equal([
      "signer.scheduled",
      "signer.sent",
      "signer.viewed",
      "document.fields_completed",
      "signer.fields_completed",
      "signer.signed",
      "document.completed",
      "document.downloadable",
    ]);
    expect(drafts.map(({ document, signer }) => document?.id ?? signer?.id)).to.deep.equal([
      SIGNER,
      SIGNER,
      SIGNER,
      DOCUMENT,
      SIGNER,
      SIGNER,
      DOCUMENT,
      DOCUMENT,
    ]);
    expect(drafts[0]?.time).to.equal(Date.UTC(2022, 6, 11, 7, 28, 25));
    expect(drafts[5]).to.deep.include({
      source: "legalesign",
      provider: "legalesign",
      channel: "batch",
      document: null,
    });
  });

  it("reads a plural in an address, and a code that is a number", () => {
    const { drafts } = post(item({ value: 10, resource_uri: `/api/v1/signers/${SIGNER}` }));
    expect(drafts[0]).to.deep.include({ type: "signer.sent", signer: aFact("signer", SIGNER) });
  });

  it("takes a time without an offset for UTC", () => {
    expect(post(item({ timestamp: "2022-07-11T07:29:06" })).drafts[0]?.time).to.equal(
      Date.UTC(2022, 6, 11, 7, 29, 6),
    );
  });

  it("makes unknown events of codes, names and addresses that no table has", () => {
    const { drafts, problems } = post(
      item({ value: "41" }),
      item({ name: "reminder" }),
      item({ resource_uri: "/api/v1/template/t-1/" }),
      item({ value: "constructor" }),
    );
    expect(problems).to.deep.equal([]);
    expect(drafts.map(({ type, code, signer }) => [type, code.object, code.value, signer?.id])).to.deep.equal(
      [
        ["unknown", "signer", "41", SIGNER],
        ["unknown", "signer", "40", SIGNER],
        ["unknown", "template", "40", undefined],
        ["unknown", "signer", "constructor", SIGNER],
      ],
    );
    expect(drafts[1]?.code.name).to.equal("reminder");
  });

  it("reads the good items beside bad ones, and reports each bad one with its field", () => {
    const { drafts, problems } = post(
      item({}),
      null,
      item({ value: "" }),
      item({ timestamp: "yesterday" }),
      item({ timestamp: undefined }),
      item({ resource_uri: "/api/v1/signer/" }),
      item({ resource_uri: 7 }),
      ["40"],
      item({ value: "50" }),
    );
    expect(drafts.map(({ type }) => type)).to.deep.equal(["signer.signed", "signer.downloaded"]);
    expect(problems.map(({ item: index, kind, field }) => [index, kind, field])).to.deep.equal([
      [1, "invalid", null],
      [2, "missing", "value"],
      [3, "invalid", "timestamp"],
      [4, "missing", "timestamp"],
      [5, "missing", "resource_uri"],
      [6, "missing", "resource_uri"],
      [7, "invalid", null],
    ]);
  });

  it("names each missing field of an item", () => {
    const { problems } = post({ resource_uri: `/api/v1/signer/${SIGNER}/` });
    expect(problems.map(({ message }) => message)).to.deep.equal([
      "value is missing",
      "timestamp is missing",
    ]);
  });

  it("finds neither events nor problems in an empty batch", () => {
    for (const data of ["", "  ", "[]"])
      expect(readForm({ data }, batch)).to.deep.equal({ drafts: [], problems: [] });
  });

  for (const [why, body, message] of [
    ["has no `data`", "signed=x", "the request has no field:data"],
    ["is not JSON", "data=%5B", "field:data is not JSON"],
    ["is not a list", "data=%7B%7D", "the payload is not a list"],
  ] as const) {
    it(`reports a batch that ${why}`, () => {
      const { drafts, problems } = read(aRequest({ body }), batch);
      expect(drafts).to.deep.equal([]);
      expect(problems).to.have.length(1);
      expect(problems[0]).to.include({ kind: "undecodable", item: null, message });
    });
  }
});

describe("Legalesign's upon post", () => {
  let upon: Channel;
  before(async () => {
    upon = await shipped("legalesign", "upon");
  });

  const types = (fields: Record<string, string>, query = "") =>
    readForm({ uuid: DOCUMENT, ...fields }, upon, query).drafts.map(({ type }) => type);

  it("reports a completed and downloadable document, as in the sample", () => {
    const { drafts, problems } = read(aRequest({ body: fixture("legalesign/upon.form") }), upon);
    expect(problems).to.deep.equal([]);
    expect(drafts.map(({ type }) => type)).to.deep.equal(["document.completed", "document.downloadable"]);
    for (const draft of drafts) {
      expect(draft.document).to.deep.equal({
        id: DOCUMENT,
        title: "Consultancy agreement",
        tags: ["crm-4711"],
        references: null,
        test: null,
        expiresAt: null,
      });
      expect(draft.code).to.deep.equal({
        object: "document",
        value: "100",
        name: null,
        meaning: "Ready to download",
      });
      expect(draft.time).to.equal(null);
    }
  });

  for (const field of ["event", "event_code", "code", "value", "status"]) {
    it(`finds the code in \`${field}\`, sent as a field or within json_signed`, () => {
      expect(types({ [field]: "50" })).to.deep.equal(["document.declined"]);
      expect(types({ json_signed: JSON.stringify({ [field]: "50" }) })).to.deep.equal(["document.declined"]);
    });
  }

  it("finds the document in uuid, resource_uri or json_signed", () => {
    const resource_uri = `/api/v1/document/${DOCUMENT}/`;
    for (const fields of [
      { uuid: DOCUMENT },
      { resource_uri },
      { json_signed: JSON.stringify({ uuid: DOCUMENT }) },
      { json_signed: JSON.stringify({ resource_uri }) },
      { json_signed: "not JSON", uuid: DOCUMENT },
    ]) {
      expect(readForm({ code: "30", ...fields }, upon).drafts[0]?.document?.id).to.equal(DOCUMENT);
    }
  });

  it("takes the trigger in the URL for the code only when there is none", () => {
    expect(types({}, "trigger=signed")).to.deep.equal(["document.completed", "document.downloadable"]);
    expect(types({}, "trigger=sent")).to.deep.equal(["document.sent"]);
    expect(types({}, "trigger=rejected")).to.deep.equal(["document.declined"]);
    expect(types({}, "trigger=visit_failed")).to.deep.equal(["signer.visit_failed"]);
    expect(types({}, "trigger=other")).to.deep.equal(["unknown"]);
    expect(types({ event: "50" }, "trigger=signed")).to.deep.equal(["document.declined"]);
  });

  it("has every tag that is not empty, once", () => {
    const { drafts } = readForm({ uuid: DOCUMENT, code: "10", tag: "a", tag1: "", tag2: "b" }, upon);
    expect(drafts[0]?.document?.tags).to.deep.equal(["a", "b"]);
    const repeated = read(aRequest({ body: `uuid=${DOCUMENT}&code=10&tag=a&tag=c&tag2=a` }), upon);
    expect(repeated.drafts[0]?.document?.tags).to.deep.equal(["a", "c"]);
  });

  it("takes no signer's uuid for a document, at any length of the address", () => {
    for (const server of [
      "",
      "https://api.legalesign.com",
      `https://${"a-long-name.".repeat(6)}example.com`,
    ]) {
      const post = {
        event: "visit_failed",
        resource_uri: `${server}/api/v1/signer/${SIGNER}/`,
        uuid: SIGNER,
      };
      const signed = { json_signed: JSON.stringify(post) };
      for (const fields of [post, signed]) {
        const [draft] = readForm(fields, upon).drafts;
        expect(draft?.document, server).to.equal(null);
        expect(draft?.signer?.id, server).to.equal(SIGNER);
      }
    }
  });

  it("uses the signers' table where the address is a signer's", () => {
    const { drafts } = readForm({ code: "40", resource_uri: `/api/v1/signer/${SIGNER}/` }, upon);
    expect(drafts[0]).to.deep.include({ type: "signer.signed", signer: aFact("signer", SIGNER) });
  });

  it("names the missing field without code and trigger, or without a document", () => {
    expect(readForm({ uuid: DOCUMENT }, upon).problems.map(({ kind }) => kind)).to.deep.equal(["missing"]);
    expect(readForm({ code: "30" }, upon).problems[0]?.field).to.contain("uuid");
  });

  it("takes multipart forms too", () => {
    const part = (name: string, value: string) =>
      `--B\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
    const body = `${part("uuid", DOCUMENT)}${part("event", "10")}--B--\r\n`;
    const { drafts } = read(
      aRequest({ body, headers: { "content-type": "multipart/form-data; boundary=B" } }),
      upon,
    );
    expect(drafts[0]).to.deep.include({ type: "document.sent", document: aFact("document", DOCUMENT) });
  });
});

describe("Legalesign's realtime post", () => {
  let realtime: Channel;
  before(async () => {
    realtime = await shipped("legalesign", "realtime");
  });

  for (const [word, type] of Object.entries(REALTIME)) {
    it(`reads ${word} as ${type}`, () => {
      const [object, event] = word.split(".");
      const data = object === "document" ? { uuid: DOCUMENT } : { uuid: SIGNER, document: DOCUMENT };
      const { drafts, problems } = readJson({ object, event, created: 1657524546, data }, realtime);
      expect(problems).to.deep.equal([]);
      expect(drafts).to.have.length(1);
      expect(drafts[0]).to.deep.include({
        type,
        time: 1657524546000,
        document: aFact("document", DOCUMENT),
        signer: object === "document" ? null : aFact("signer", SIGNER),
      });
      expect(drafts[0]?.code).to.include({
        object: object === "document" ? "document" : "signer",
        value: word,
      });
    });
  }

  it("reports the signer and the document of a recipient", () => {
    const { drafts } = read(aRequest({ body: fixture("legalesign/realtime-recipient.json") }), realtime);
    expect(drafts[0]?.document).to.deep.equal({
      id: DOCUMENT,
      title: "Consultancy agreement",
      tags: ["crm-4711"],
      references: null,
      test: null,
      expiresAt: null,
    });
    expect(drafts[0]?.signer).to.deep.equal({
      id: SIGNER,
      name: "Ada Lovelace",
      email: "ada@example.com",
      role: null,
      status: null,
    });
  });

  it("lists a document's recipients as its signers", () => {
    const { drafts } = read(aRequest({ body: fixture("legalesign/realtime-document.json") }), realtime);
    expect(drafts[0]?.document?.id).to.equal(DOCUMENT);
    expect(drafts[0]?.signers).to.deep.equal([
      { id: SIGNER, name: "Ada Lovelace", email: "ada@example.com", role: null, status: "signed" },
      aSigner("0c5ac6e2-3d6f-4f43-a3b2-2f3f86f3d1a7", {
        name: "Bob",
        email: "bob@example.com",
        status: "viewed",
      }),
    ]);
  });

  it("forwards events of other objects as unknown", () => {
    const { drafts, problems } = readJson({ object: "group", event: "made", created: 1, data: {} }, realtime);
    expect(problems).to.deep.equal([]);
    expect(drafts[0]).to.include({ type: "unknown", document: null });
    expect(drafts[0]?.code).to.include({ object: "group", value: "group.made" });
  });

  it("gives a signature the same dedupe key as the batch does", async () => {
    const { drafts } = read(aRequest({ body: fixture("legalesign/realtime-recipient.json") }), realtime);
    const batch = read(
      aRequest({ body: fixture("legalesign/batch.form") }),
      await shipped("legalesign", "batch"),
    ).drafts;
    expect(batch.map(dedupeKeyOf)).to.include(dedupeKeyOf(only(drafts)));
  });
});

function aFact(object: string, id: string) {
  return object === "document" ? aDocument(id) : aSigner(id);
}
