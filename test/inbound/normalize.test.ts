import { expect } from "chai";
import fc from "fast-check";
import { dedupeKeyOf } from "../../src/domain/draft.ts";
import { signerId } from "../../src/domain/identity.ts";
import type { Channel } from "../../src/inbound/channel.ts";
import { aDocument, aDraft } from "../support/builders.ts";
import { growthOf, MAX_LINEAR_GROWTH } from "../support/growth.ts";
import { aRequest, channelOf, fixture, read, readForm, readJson, shipped } from "./posts.ts";

/**
 * A made-up provider: a list under a nested path, and its own names for
 * everything.
 */
const INVENTED = channelOf(`
provider: paperplane
title: Paperplane
tables:
  happenings:
    signer.done: { event: signer.signed, meaning: A person signed }
    all.done: [document.completed, document.downloadable]
    page.turned: ignore
channels:
  main:
    title: Main
    verify:
      - hmac:
          hash: sha512
          encoding: base64
          signature: "header:x-plane-signature"
          over: ["header:x-plane-time", "text:.", body]
    read: { each: payload.batch.events }
    answer: { body: RECEIVED }
    event:
      word: { from: what.kind, table: happenings }
      time: { path: what.at, as: seconds }
      document:
        id: { path: about.0, pattern: "^paper:(.+)$" }
        title: [about.1, { value: Untitled }]
        tags: [labels]
        expiresAt: { path: until, as: iso }
      signer:
        id: who.id
        name: { join: [who.given, who.family], with: " " }
        email: who.mail
        status: { path: who.state, values: { ok: signed } }
      signers: { each: everybody, email: ".", name: . }
`);

const happening = (given: Record<string, unknown> = {}) => ({
  what: { kind: "signer.done", at: 1700000000 },
  about: ["paper:p-1", "Lease"],
  ...given,
});
const post = (...events: unknown[]) => readJson({ payload: { batch: { events } } }, INVENTED);

describe("ids that are too long", () => {
  const LONG = "x".repeat(513);
  const signedBy = (id: string) => happening({ who: { id, state: "ok" } });

  const tooLong = (field: string) => ({
    kind: "invalid",
    field,
    message: `${field} has 513 characters, and an id has 512 at most`,
  });

  it("are a problem of their item, which leaves the others alone", () => {
    const { drafts, problems } = post(signedBy(LONG), happening({ who: { id: "s-1" } }));
    expect(drafts).to.have.length(1);
    expect(problems).to.deep.equal([{ ...tooLong("who.id"), item: 0 }]);
  });

  it("are a problem for documents and for lists of signers too", () => {
    const long = channelOf(`
provider: long
title: Long
tables: { words: { sent: document.sent } }
channels:
  main:
    title: Main
    verify: [{ token: {} }]
    event:
      word: { from: word, table: words }
      document: { id: doc }
      signers: { each: people, id: id }
`);
    const of = (given: object) => readJson({ word: "sent", doc: "d", ...given }, long);
    expect(of({ doc: LONG }).problems).to.deep.equal([{ ...tooLong("doc"), item: null }]);
    expect(of({ people: [{ id: "a" }, { id: LONG }, { id: `${LONG}x` }] }).problems).to.deep.equal([
      { ...tooLong("id"), item: null },
    ]);
    expect(of({ doc: LONG.slice(1) }).drafts).to.have.length(1);
  });

  it("have more than 512 characters of any kind", () => {
    const { drafts, problems } = post(signedBy("é".repeat(512)));
    expect(problems).to.deep.equal([]);
    expect(drafts[0]?.signer?.id).to.have.length(512);
  });
});

describe("normalize", () => {
  it("reads an invented provider by its mapping alone", () => {
    const { drafts, problems } = post(
      happening({
        labels: ["x", "y", "x"],
        until: "2030-01-01",
        who: { given: "Ada", family: "Lovelace", mail: "ada@example.com", state: "ok" },
        everybody: ["ada@example.com", "bob@example.com"],
      }),
      happening({ what: { kind: "page.turned" } }),
      happening({ what: { kind: "all.done", at: 1700000001 } }),
    );
    expect(problems).to.deep.equal([]);
    expect(drafts.map(({ type }) => type)).to.deep.equal([
      "signer.signed",
      "document.completed",
      "document.downloadable",
    ]);
    const { digest, ...first } = drafts[0] ?? { digest: "" };
    expect(digest).to.equal("");
    const ada = signerId("p-1", "ada@example.com");
    expect(first).to.deep.equal({
      source: "paperplane",
      provider: "paperplane",
      channel: "main",
      type: "signer.signed",
      time: 1700000000000,
      document: {
        ...aDocument("p-1"),
        title: "Lease",
        tags: ["x", "y"],
        expiresAt: Date.UTC(2030, 0, 1),
      },
      signer: { id: ada, name: "Ada Lovelace", email: "ada@example.com", role: null, status: "signed" },
      signers: [
        { id: ada, name: "ada@example.com", email: "ada@example.com", role: null, status: null },
        {
          id: signerId("p-1", "bob@example.com"),
          name: "bob@example.com",
          email: "bob@example.com",
          role: null,
          status: null,
        },
      ],
      id: null,
      reason: null,
      code: { object: null, value: "signer.done", name: null, meaning: "A person signed" },
      reopens: null,
      reopenable: false,
    });
    expect(INVENTED.rules.answer).to.deep.equal({ body: "RECEIVED", type: "text/plain; charset=utf-8" });
  });

  it("keeps the good items of a post with bad ones, and names the item and the field", () => {
    const { drafts, problems } = post(
      "text",
      happening({ what: { at: 1 } }),
      happening({ about: [] }),
      happening({ what: { kind: "all.done", at: 1 }, about: ["other:1"] }),
      happening({ what: { kind: "signer.done", at: "noon" } }),
      happening(),
    );
    expect(drafts).to.have.length(1);
    expect(problems.map(({ item, kind, field, message }) => [item, kind, field, message])).to.deep.equal([
      [0, "invalid", null, "the item is not an object"],
      [1, "missing", "what.kind", "what.kind is missing"],
      [2, "missing", "who.id", "who.id is missing"],
      [3, "missing", "about.0", "about.0 is missing"],
      [4, "invalid", "what.at", "what.at is not a time"],
    ]);
  });

  it("needs no fields of an ignored item", () => {
    expect(post({ what: { kind: "page.turned", at: "noon" } })).to.deep.equal({ drafts: [], problems: [] });
  });

  it("makes an unknown event of a word that no table has", () => {
    const { drafts, problems } = post({ what: { kind: "toString", at: 1 } });
    expect(problems).to.deep.equal([]);
    expect(drafts[0]).to.deep.include({
      type: "unknown",
      document: null,
      signer: null,
      code: { object: null, value: "toString", name: null, meaning: null },
    });
  });

  it("treats facts of the wrong type as absent", () => {
    const { drafts, problems } = post(
      happening({
        about: ["paper:p-1", { not: "a title" }],
        until: "some day",
        labels: 7,
        who: "me",
        everybody: "all",
      }),
    );
    expect(problems).to.deep.equal([]);
    expect(drafts[0]).to.deep.include({
      document: { ...aDocument("p-1"), title: "Untitled", tags: ["7"] },
      signer: null,
      signers: [],
    });
  });

  it("sees only own properties of a payload", () => {
    const polluted = JSON.parse(
      '{"__proto__":{"what":{"kind":"all.done","at":1}},"constructor":{"prototype":{"about":["paper:1"]}}}',
    );
    expect(post(polluted).problems.map(({ field }) => field)).to.deep.equal(["what.kind", "what.at"]);
    expect(Object.hasOwn(Object.prototype, "what")).to.equal(false);
  });

  it("gives equal items without a time equal digests, and different ones different digests", () => {
    const timeless = channelOf(`provider: acme
title: Acme
tables: { t: {} }
read: { each: . }
event: { word: { from: w, table: t } }
channels: { main: { title: Main } }
`);
    const items = [{ w: "a" }, { w: "a" }, { w: "a", more: [] }];
    const digests = readJson(items, timeless).drafts.map(({ digest }) => digest);
    expect(digests[0]).to.equal(digests[1]).and.not.to.equal(digests[2]);
    expect(digests[0]).to.match(/^[0-9a-z]{26}$/);
  });

  it("reads ids that are numbers digit by digit, so that great ones stay distinct", () => {
    const ids = ["12345678901234567890", "12345678901234567891", "-9007199254740993", "1e400", "40"];
    const bodies = ids.map(
      (id) => `{"payload":{"batch":{"events":[{"what":{"kind":"signer.done","at":1},"who":{"id":${id}}}]}}}`,
    );
    const found = bodies.map((body) => read(aRequest({ body }), INVENTED).drafts[0]?.signer?.id);
    expect(found).to.deep.equal(ids);
  });

  it("gives texts that every store accepts: no half of a surrogate pair, and no NUL", () => {
    const [draft] = post(happening({ about: ["paper:a\ud800b", "Lease\u0000\udc00"] })).drafts;
    expect(draft?.document).to.include({ id: "a\ufffdb", title: "Lease\ufffd\ufffd" });
  });

  it("matches a field's pattern in time in proportion to a hostile value", () => {
    const postLong = (length: number) =>
      post(...Array.from({ length: 50 }, () => happening({ about: [`paper:${"a".repeat(length)}\n`] })));
    expect(growthOf(postLong, 25_000)).to.be.below(MAX_LINEAR_GROWTH);
  });
});

describe("decode and normalize", () => {
  let channels: Channel[];
  before(async () => {
    channels = [
      INVENTED,
      await shipped("lumin", "account"),
      await shipped("legalesign", "upon"),
      await shipped("legalesign", "batch"),
      await shipped("legalesign", "realtime"),
    ];
  });

  /** Every draft can become an event: it has an id, and valid times. */
  const expectSound = (interpretation: ReturnType<typeof read>) => {
    for (const draft of interpretation.drafts) {
      expect(dedupeKeyOf(draft)).to.match(/^evt_/);
      for (const time of [draft.time, draft.document?.expiresAt ?? null]) {
        if (time !== null) expect(new Date(time).toISOString()).to.match(/^\d{4}-/);
      }
    }
  };

  it("never throw, whatever bytes come", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (body) => {
        for (const channel of channels) expectSound(read(aRequest({ body }), channel));
      }),
    );
  });

  it("never throw, whatever JSON comes", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const body = JSON.stringify(value);
        for (const channel of channels) {
          expectSound(read(aRequest({ body }), channel));
          expectSound(readForm({ data: body, json_signed: body }, channel, "trigger=signed"));
        }
        expectSound(post(value, happening({ what: value, about: value, who: value, everybody: value })));
      }),
    );
  });

  it("never throw when anything is changed in a post that was good", () => {
    const posts = [
      "lumin/downloadable.json",
      "legalesign/realtime-document.json",
      "legalesign/realtime-recipient.json",
    ].map((name) => JSON.parse(String(fixture(name))));
    fc.assert(
      fc.property(fc.constantFrom(...posts), fc.nat(), fc.jsonValue(), (good, seed, value) => {
        const broken = replaceOne(good, seed, value);
        for (const channel of channels) expectSound(readJson(broken, channel));
      }),
    );
  });
});

/** The value with one thing in it, chosen by the seed, replaced. */
function replaceOne(value: unknown, seed: number, by: unknown): unknown {
  let countdown = seed % JSON.stringify(value).length;
  return JSON.parse(JSON.stringify(value), (_key, member) => (countdown-- === 0 ? by : member));
}

describe("facts beside the event itself", () => {
  const CHANNEL = channelOf(`
provider: acme
title: Acme
tables:
  words:
    sent: document.sent
    signed: signer.signed
    refused: [signer.declined, document.declined]
    draft: { event: document.created, reopen: restart }
channels:
  main:
    title: Main
    verify: [{ token: {} }]
    event:
      word: { from: what, table: words }
      time: { path: at, as: seconds }
      reason: [refusal.text, note]
      document:
        id: id
        test: { path: mode, values: { demo: "yes", live: "no" } }
        references: { each: meta, fields: { case: case_number } }
      signer: { id: who }
      signers:
        each: people
        id: key
        role: { path: part, values: { S: signer, CC: copy } }
`);
  const draftOf = (given: Record<string, unknown>) =>
    readJson({ what: "sent", at: 1, id: "d-1", ...given }, CHANNEL).drafts[0];

  it("include whether the document is a test", () => {
    expect(draftOf({ mode: "demo" })?.document?.test).to.equal(true);
    expect(draftOf({ mode: "live" })?.document?.test).to.equal(false);
    for (const mode of ["other", null, {}]) expect(draftOf({ mode })?.document?.test).to.equal(null);
  });

  it("include the sender's own keys: an object's members, and single fields by name", () => {
    const meta = { crm: "7", n: 8, deep: { a: 1 }, none: null, empty: "", __proto__x: true };
    expect(draftOf({ meta, case_number: "c-1" })?.document?.references).to.deep.equal({
      crm: "7",
      n: "8",
      __proto__x: "true",
      case: "c-1",
    });
    for (const meta of [undefined, null, "text", [], {}])
      expect(draftOf({ meta })?.document?.references).to.equal(null);
  });

  it("include the reason, from the first field that has one", () => {
    expect(draftOf({ refusal: { text: "Wrong rent" }, note: "x" })?.reason).to.equal("Wrong rent");
    expect(draftOf({ note: "Typo" })?.reason).to.equal("Typo");
    expect(draftOf({})?.reason).to.equal(null);
  });

  it("include each signer's role, and a recipient of a copy has not signed", () => {
    const people = [
      { key: "a", part: "S" },
      { key: "b", part: "CC" },
      { key: "c", part: "?" },
    ];
    expect(draftOf({ people })?.signers.map(({ role }) => role)).to.deep.equal(["signer", "copy", null]);
    const typeFor = (who: string) => draftOf({ what: "signed", people, who })?.type;
    expect([typeFor("a"), typeFor("b"), typeFor("c")]).to.deep.equal([
      "signer.signed",
      "unknown",
      "signer.signed",
    ]);
  });

  it("distinguish repeats by time where a word lets documents start again", () => {
    const keys = [1, 2].map((at) => dedupeKeyOf(draftOf({ at }) ?? aDraft()));
    expect(new Set(keys)).to.have.length(2);
    expect(draftOf({ what: "draft" })).to.deep.include({ reopens: "restart", reopenable: true });
    expect(draftOf({ what: "sent" })).to.deep.include({ reopens: null, reopenable: true });
  });
});

describe("references in a list", () => {
  it("are read from each element's name and value", () => {
    const channel = channelOf(`
provider: acme
title: Acme
tables: { words: { sent: document.sent } }
verify: [{ token: {} }]
event:
  word: { from: what, table: words }
  document: { id: id, references: { each: fields, name: name, value: value } }
channels: { main: { title: Main } }
`);
    const fields = [
      { name: "crm", value: "7" },
      { name: "crm", value: "8" },
      { value: "9" },
      { name: "x" },
      4,
    ];
    const { drafts } = readJson({ what: "sent", id: "d-1", fields }, channel);
    expect(drafts[0]?.document?.references).to.deep.equal({ crm: "8" });
  });
});
