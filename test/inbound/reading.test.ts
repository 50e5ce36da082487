import { expect } from "chai";
import { tidy } from "../support/bridge.ts";
import { acmeMapping, DONE, hmac, startAcme } from "./acme.ts";
import { channelOf, readJson } from "./posts.ts";

const SECRET = "0123456789abcdef0123456789abcdef";
const TOKEN = "a-token-nobody-guesses";

/** The result of a payload by a mapping: types with document and signer, and the problems. */
function interpretationOf(lines: string, payload: unknown) {
  const { drafts, problems } = readJson(payload, channelOf(acmeMapping(lines)));
  return {
    types: drafts.map(({ type, document, signer }) =>
      [type, document?.id, signer?.id].filter(Boolean).join(" "),
    ),
    problems: problems.map(({ message }) => message),
    drafts,
  };
}

describe("a list of items", () => {
  it("may be one object where the mapping says so", () => {
    const lines = "read: { each: ., single: true }";
    const item = { what: "done", id: "d-1" };
    expect(interpretationOf(lines, [item, { ...item, id: "d-2" }]).types).to.deep.equal([
      "document.completed d-1",
      "document.completed d-2",
    ]);
    expect(interpretationOf(lines, item).types).to.deep.equal(["document.completed d-1"]);
    expect(interpretationOf(lines, []).problems).to.deep.equal([]);
    expect(interpretationOf(lines, "x").problems).to.deep.equal(["the payload is not a list"]);
    expect(interpretationOf("read: { each: . }", item).problems).to.deep.equal(["the payload is not a list"]);
  });

  it("may be in lists", () => {
    const payload = {
      groups: [
        { items: [{ what: "done", id: "d-1" }] },
        { items: [{ what: "ping" }, { what: "done", id: "d-2" }] },
      ],
    };
    expect(interpretationOf('read: { each: "groups[].items" }', payload).types).to.deep.equal([
      "document.completed d-1",
      "document.completed d-2",
    ]);
    expect(interpretationOf('read: { each: "groups[].items" }', {}).problems).to.deep.equal([
      "the groups[].items is not a list",
    ]);
  });
});

describe("a word that means one thing or another", () => {
  const lines = `event:
  word: { from: what, table: words }
  document: { id: id }
tables:
  words:
    completed:
      - { when: { path: "copies[id={who}].id" }, event: unknown, meaning: Got a copy }
      - { when: "signers[id={who}].id", event: signer.signed, meaning: Signed }
    cancelled:
      - { when: { path: status, is: [COMPLETED, REJECTED] }, event: ignore }
      - { when: [{ path: status, as: lowercase, is: pending }, deletedAt], event: document.canceled }
      - when: { path: status, pattern: "^CANCEL", is: CANCEL }
        event: [document.canceled, document.failed]
`;
  const meaning = (payload: object) => {
    const { drafts, types } = interpretationOf(lines, { id: "d-1", ...payload });
    return [types.map((type) => type.split(" ")[0]), drafts[0]?.code.meaning ?? null];
  };

  it("means the first case that holds", () => {
    const lists = { copies: [{ id: 2 }], signers: [{ id: 1 }, { id: 2 }] };
    expect(meaning({ what: "completed", who: "1", ...lists })).to.deep.equal([["signer.signed"], "Signed"]);
    expect(meaning({ what: "completed", who: 2, ...lists })).to.deep.equal([["unknown"], "Got a copy"]);
    expect(meaning({ what: "cancelled", status: "COMPLETED" })).to.deep.equal([[], null]);
    expect(meaning({ what: "cancelled", status: "PENDING", deletedAt: "now" })).to.deep.equal([
      ["document.canceled"],
      null,
    ]);
    expect(meaning({ what: "cancelled", status: "CANCELLED" })[0]).to.deep.equal([
      "document.canceled",
      "document.failed",
    ]);
  });

  it("can let a document start again by one case and not by another", () => {
    const reopening = lines.replace(
      "{ path: status, is: [COMPLETED, REJECTED] }, event: ignore",
      "{ path: status, is: DRAFT }, event: unknown, reopen: restart",
    );
    const timed = reopening.replace(
      "document: { id: id }",
      "document: { id: id }\n  time: { path: at, as: iso }",
    );
    const at = "2026-03-02T10:14:00Z";
    const reopens = (status: string) =>
      interpretationOf(timed, { what: "cancelled", id: "d-1", at, status }).drafts[0]?.reopens;
    expect([reopens("DRAFT"), reopens("CANCELLED")]).to.deep.equal(["restart", null]);
    expect(() => interpretationOf(reopening, {})).to.throw("has no `time`, but a word says `reopen`");
  });

  it("is unknown where none holds", () => {
    expect(meaning({ what: "completed", who: "3" })).to.deep.equal([["unknown"], null]);
    expect(meaning({ what: "cancelled", status: "PENDING" })).to.deep.equal([["unknown"], null]);
    expect(meaning({ what: "cancelled" })).to.deep.equal([["unknown"], null]);
  });
});

describe("signers in several lists", () => {
  const signersOf = (signers: string, payload: object) => {
    const lines = `event:
  word: { from: what, table: words }
  document: { id: id }
  signers: ${signers}`;
    return interpretationOf(lines, { what: "done", id: "d-1", ...payload }).drafts[0]?.signers.map(
      ({ id, name, status }) => [id, name, status].filter((one) => one !== null).join(" "),
    );
  };

  it("are all of them, each once, with what each list says of them", () => {
    const signers = `
    - { each: signers, id: id, name: name }
    - { each: witnesses, id: id, name: called, status: { path: state, values: { ok: signed } } }`;
    const payload = {
      signers: [{ id: 1, name: "Ada" }],
      witnesses: [
        { id: 2, called: "Bo", state: "ok" },
        { id: 1, called: "again" },
      ],
    };
    expect(signersOf(signers, payload)).to.deep.equal(["1 Ada", "2 Bo signed"]);
  });

  it("have their list's role, and a recipient of a copy has not signed", () => {
    const lines = `event:
  word: { from: what, table: words }
  document: { id: id }
  signer: { id: who }
  signers:
    - { each: signers, id: id, role: signer }
    - { each: "copies", id: id, role: copy }
    - { each: "sets[].members", id: id, role: { path: "^.kind", values: { APPROVES: approver } } }
tables: { words: { acted: signer.signed } }`;
    const payload = {
      what: "acted",
      id: "d-1",
      signers: [{ id: 1 }],
      copies: [{ id: 2 }],
      sets: [{ kind: "APPROVES", members: [{ id: 3 }] }],
    };
    const acted = (who: number) => interpretationOf(lines, { ...payload, who }).drafts[0];
    expect(acted(1)?.signers.map(({ id, role }) => [id, role])).to.deep.equal([
      ["1", "signer"],
      ["2", "copy"],
      ["3", "approver"],
    ]);
    expect([1, 2, 3].map((who) => acted(who)?.type)).to.deep.equal([
      "signer.signed",
      "unknown",
      "signer.signed",
    ]);
  });

  it("may be in lists, of which the outer says the status", () => {
    const signers =
      '{ each: "sets[].members", id: email, name: name, ' +
      'status: { path: "^.status", values: { DONE: signed } } }';
    const payload = {
      sets: [
        { status: "DONE", members: [{ email: "a@example.com", name: "A" }, { email: "b@example.com" }] },
        { status: "OPEN", members: [{ email: "c@example.com" }] },
        {},
      ],
    };
    expect(signersOf(signers, payload)).to.deep.equal([
      "a@example.com A signed",
      "b@example.com signed",
      "c@example.com",
    ]);
  });

  it("may be one object where the mapping says so", () => {
    expect(signersOf("{ each: signer, single: true, id: id }", { signer: { id: 1 } })).to.deep.equal(["1"]);
    expect(signersOf("{ each: signer, id: id }", { signer: { id: 1 } })).to.deep.equal([]);
  });

  it("are all read where there are 20,000, with a look-up for each", () => {
    const ids = Array.from({ length: 20_000 }, (_, id) => ({ id, to: String(19_999 - id) }));
    const signers = '{ each: ids, id: id, name: "^.ids[id=19999].to", email: "^.ids[].none" }';
    expect(signersOf(signers, { ids })).to.have.length(20_000);
  });
});

describe("values of a list", () => {
  it("are references by their names, in lists of lists too", () => {
    const lines = `event:
  word: { from: what, table: words }
  document:
    id: id
    references:
      each: "groups[].fields"
      name: { join: [^.name, name], with: "." }
      value: value
      fields: { order: "groups[name=b].order" }`;
    const payload = {
      what: "done",
      id: "d-1",
      groups: [
        { name: "a", fields: [{ name: "x", value: 1 }] },
        { name: "b", order: 7, fields: [{ name: "y", value: "2" }] },
      ],
    };
    expect(interpretationOf(lines, payload).drafts[0]?.document?.references).to.deep.equal({
      "a.x": "1",
      "b.y": "2",
      order: "7",
    });
  });

  it("are looked up by the name beside them, and are all tags", () => {
    const lines = `event:
  word: { from: what, table: words }
  document:
    id: "fields[name=order].value"
    title: "names[].text"
    tags: ["fields[].value", "labels[].name"]`;
    const payload = {
      what: "done",
      fields: [
        { name: "x", value: "7" },
        { name: "order", value: "4711" },
      ],
      labels: [{ name: "Leases" }, {}, { name: "7" }],
      names: [{}, { text: "" }, { text: "Lease" }],
    };
    expect(interpretationOf(lines, payload).drafts[0]?.document).to.deep.include({
      id: "4711",
      title: "Lease",
      tags: ["7", "4711", "Leases"],
    });
  });
});

describe("what a provider posts as XML", () => {
  afterEach(tidy);
  const XML = "<?xml version='1.0'?><envelope/>";
  const lines = `verify: [{ hmac: { hash: sha256, signature: "header:x-signature" } }]
refuse: { xml: "Acme posts XML: set JSON in its webhook" }`;
  const signed = (body: string, type: string) => ({
    "x-signature": hmac(body, SECRET),
    "content-type": type,
  });

  it("is refused with the mapping's sentence, by its type or by its beginning", async () => {
    const { send } = await startAcme(lines, `{ secrets: ["${SECRET}"] }`);
    for (const [body, type] of [
      [XML, "text/xml; charset=utf-8"],
      [XML, "application/json"],
      [`\ufeff\r\n ${XML}`, "text/plain"],
      ["anything", "application/soap+xml"],
    ] as const) {
      const { status, body: answer } = await send("POST", "", signed(body, type), body);
      expect([status, answer.error, answer.message], type).to.deep.equal([
        415,
        "unsupported_media_type",
        "Acme posts XML: set JSON in its webhook",
      ]);
    }
    expect((await send("POST", "", signed(DONE, "application/json"), DONE)).status).to.equal(200);
  });

  it("gets that sentence only if it is genuine, and is stored as a rejection", async () => {
    const { send, admin } = await startAcme(lines, `{ secrets: ["${SECRET}"] }`);
    expect((await send("POST", "", { "content-type": "text/xml" }, XML)).status).to.equal(401);
    expect((await send("POST", "", signed(XML, "text/xml"), XML)).status).to.equal(415);
    const { items } = (await admin("/api/v1/rejections?order=oldest")).body;
    expect(items.map(({ reason }: { reason: string }) => reason)).to.include(
      "Acme posts XML: set JSON in its webhook",
    );
    expect((await admin("/api/v1/receipts")).body.items).to.have.length(0);
  });

  it("is an ordinary problem where the mapping has no sentence", async () => {
    const { send } = await startAcme("verify: [{ token: {} }]", `{ token: ${TOKEN} }`);
    const { status, body } = await send("POST", `?token=${TOKEN}`, { "content-type": "text/xml" }, XML);
    expect([status, body.problem]).to.deep.equal([200, "body is not JSON"]);
  });
});

describe("a form of which some fields are signed", () => {
  afterEach(tidy);
  const lines = `verify:
  - token: {}
  - hmac: { hash: sha256, signature: "header:x-signature", over: ["field:data"], optional: true }
read: { as: form, parse: [data], signedOnly: true }
event: { word: { from: [data.what, what], table: words }, document: { id: [data.id, id] } }`;
  const channel = `{ token: ${TOKEN}, secrets: ["${SECRET}"], requireSignature: false }`;
  const post = (fields: Record<string, string>, signature?: string) => ({
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      ...(signature === undefined ? {} : { "x-signature": signature }),
    },
    body: new URLSearchParams(fields).toString(),
  });

  it("is read from the signed fields only, once a signature was checked", async () => {
    const { send, admin } = await startAcme(lines, channel);
    const partly = '{"what":"done"}';
    const { headers, body } = post({ data: partly, id: "VICTIM", what: "opened" }, hmac(partly, SECRET));
    const answer = (await send("POST", `/${TOKEN}`, headers, body)).body;
    expect([answer.events, answer.problem]).to.deep.equal([0, "data.id | id is missing"]);
    const whole = post({ data: DONE, id: "VICTIM", what: "opened" }, hmac(DONE, SECRET));
    expect((await send("POST", `/${TOKEN}`, whole.headers, whole.body)).body.events).to.equal(1);
    const [event] = (await admin("/api/v1/events?order=oldest")).body.items;
    expect([event.type, event.document.id]).to.deep.equal(["document.completed", "d-1"]);
  });

  it("is read from all fields where the configuration allows no signature", async () => {
    const { send } = await startAcme(lines, channel);
    const { headers, body } = post({ id: "d-9", what: "opened" });
    expect((await send("POST", `/${TOKEN}`, headers, body)).body.events).to.equal(1);
  });
});
