import { readdirSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { loadMapping, parseMapping, SHIPPED_MAPPINGS } from "../../src/mapping/load.ts";
import { formatProblem } from "../../src/yaml.ts";

const OVER = '["header:x-time", "text:.", body]';
const GOOD = `provider: acme
title: Acme
tables:
  events:
    signed: signer.signed
    done: [document.completed, document.downloadable]
    ping: ignore
    old: { event: unknown, meaning: No longer sent }
channels:
  main:
    title: Main
    verify:
      - hmac: { hash: sha512, encoding: [base64], signature: "header:X-Sig", over: ${OVER} }
      - token: {}
    read: { from: body, as: json, each: data.events }
    event:
      word: { from: [type, kind], table: events }
      time: { path: at, as: iso }
      document:
        id: { path: uri, pattern: "/documents?/([^/]+)" }
        title: { join: [first, { path: last, as: lowercase }], with: " " }
      signers:
        each: people
        status: { path: state, values: { ok: signed } }
`;

/** A place whose whole text is taken. */
const whole = (place: object) => ({ place, find: null, pattern: null });

const problemsOf = (text: string) => parseMapping(text, "acme.yaml", "acme").problems.map(formatProblem);

describe("a mapping file", () => {
  it("needs a time for every channel when a word reopens documents", () => {
    const reopening = GOOD.replace("old: { event: unknown,", "old: { event: unknown, reopen: restart,");
    expect(problemsOf(reopening)).to.deep.equal([]);
    const timeless = reopening.replace("      time: { path: at, as: iso }\n", "");
    expect(problemsOf(timeless)).to.deep.equal([
      "acme.yaml:17:7: `channels.main.event`: has no `time`, but a word says `reopen`: " +
        "times tell the first round from the next",
    ]);
  });

  it("suggests the role or the way to reopen that was probably meant", () => {
    expect(problemsOf(GOOD.replace("each: people", "each: people\n        role: singer"))[0]).to.include(
      "did you mean `signer`?",
    );
    expect(problemsOf(GOOD.replace("event: unknown,", "event: unknown, reopen: restrat,"))[0]).to.include(
      "did you mean `restart`?",
    );
  });

  it("becomes a mapping that is identified by the digest of its text", () => {
    const { mapping, problems } = parseMapping(GOOD, "acme.yaml", "acme");
    expect(problems).to.deep.equal([]);
    expect(mapping?.digest).to.match(/^acme@sha256:[0-9a-f]{12}$/);
    expect(parseMapping(`${GOOD}#\n`, "acme.yaml", "acme").mapping?.digest).not.to.equal(mapping?.digest);
    expect(mapping?.channels.get("main")).to.deep.include({
      title: "Main",
      answer: null,
      checks: [
        {
          kind: "hmac",
          hash: "sha512",
          encodings: ["base64"],
          signatures: [whole({ in: "header", name: "x-sig" })],
          over: [whole({ in: "header", name: "x-time" }), { text: "." }, whole({ in: "body" })],
          age: null,
          prefix: "",
          secret: "literal",
          optional: false,
        },
        { kind: "token" },
      ],
      read: {
        from: { in: "body" },
        as: "json",
        parse: [],
        each: ["data", "events"],
        single: false,
        signedOnly: false,
      },
    });
  });

  it("gives every channel the values at the top, unless it has its own", () => {
    const { mapping, problems } = parseMapping(
      `provider: acme
title: Acme
tables: { t: {} }
verify: [{ token: {} }]
answer: { body: ok }
event: { word: { from: a, table: t } }
channels:
  one: { title: One }
  two: { title: Two, verify: [{ basic: {} }], answer: { body: "<ok/>", type: text/xml } }
`,
      "acme.yaml",
      "acme",
    );
    expect(problems).to.deep.equal([]);
    const [one, two] = [mapping?.channels.get("one"), mapping?.channels.get("two")];
    expect(one).to.deep.include({
      checks: [{ kind: "token" }],
      answer: { body: "ok", type: "text/plain; charset=utf-8" },
    });
    expect(two).to.deep.include({ checks: [{ kind: "basic" }], answer: { body: "<ok/>", type: "text/xml" } });
    expect(two?.event.words[0]?.from.label).to.equal("a");
  });

  /** Each mistake: its text in place of the good one, its place, and parts of the message. */
  const mistakes: readonly [why: string, good: string, bad: string, place: string, ...says: string[]][] = [
    [
      "an unknown transform of a time",
      "as: iso",
      "as: isoo",
      "18:29",
      "`isoo` is not a transform of times",
      "did you mean `iso`?",
      "milliseconds, seconds, iso",
    ],
    [
      "an unknown transform of a text",
      "as: lowercase",
      "as: upper",
      "21:50",
      "`upper` is not a transform of text: known here: text, lowercase, boolean",
    ],
    ["a time without a transform", "{ path: at, as: iso }", "{ path: at }", "18:13", "a transform of times"],
    [
      "a pattern that does not compile",
      '"/documents?/([^/]+)"',
      '"/documents?/([^/]+"',
      "20:35",
      "does not compile",
      "Unterminated group",
    ],
    ["a pattern that can run for ever", '"/documents?/([^/]+)"', '"^(a+)+$"', "20:35", "for ever"],
    [
      "an event type that is not in the vocabulary",
      "signed: signer.signed",
      "signed: signer.sined",
      "5:13",
      "`signer.sined` is not an event type",
      "did you mean `signer.signed`?",
      "document.created, ",
    ],
    [
      "an event type in a list that is not in the vocabulary",
      "[document.completed,",
      "[document.complete,",
      "6:12",
      "did you mean `document.completed`?",
    ],
    [
      "an event type within an explanation that is not in the vocabulary",
      "{ event: unknown",
      "{ event: other",
      "8:19",
      "`other` is not an event type",
    ],
    [
      "a table that is not there",
      "table: events",
      "table: event",
      "17:42",
      "`event` is not a table",
      "did you mean `events`?",
    ],
    [
      "a status that is not in the vocabulary",
      "{ ok: signed }",
      "{ ok: sgned }",
      "24:46",
      "`sgned` is not a signer's status, did you mean `signed`?",
    ],
    ["a place that does not exist", "from: body", "from: boddy", "15:19", "a place is body, header:<name>"],
    [
      "an unknown part of the signed text",
      '"text:."',
      '"test:."',
      "13:102",
      "expected body, header:<name>",
      "text:<the text itself>",
    ],
    ["an unknown hash", "sha512", "sha-512", "13:23", "`sha-512` is not a hash, did you mean `sha512`?"],
    [
      "an unknown check",
      "- token: {}",
      "- tokens: {}",
      "14:9",
      "`channels.main.verify.1.tokens`: is not a known key",
      "known here: hmac, rsa, token, basic",
    ],
    [
      "two checks in one",
      "- token: {}",
      "- { token: {}, basic: {} }",
      "14:9",
      "needs exactly one of hmac, rsa, token, basic",
    ],
    [
      "an unknown key at the top",
      "title: Acme",
      "titel: Acme",
      "2:1",
      "is not a known key",
      "known here: provider, title, documentation, unproved, tables",
    ],
    [
      "an unknown key in a field",
      "{ path: state,",
      "{ pat: state,",
      "24:19",
      "known here: path, place, value, join, with, pattern, as, values",
    ],
    [
      "a field without a source",
      "{ path: at, as: iso }",
      "{ as: iso }",
      "18:13",
      "needs exactly one of path, place, value, join",
    ],
    ["a path that is none", "each: people", "each: people..x", "23:15", "a path is keys with dots between"],
    [
      "something else than a field",
      'id: { path: uri, pattern: "/documents?/([^/]+)" }',
      "id: 7",
      "20:13",
      "expected a path, a map with one of",
    ],
    [
      "a form that is not the body",
      "{ from: body, as: json,",
      '{ from: "field:x", as: form,',
      "15:11",
      "a form is always the body",
    ],
    [
      "an unknown key in a part of the signed text",
      '"header:x-time",',
      '{ place: "header:x-time", patern: "t=(.+)" },',
      "13:111",
      "is not a known key",
      "known here: place, pattern",
    ],
    [
      "an unknown form of secrets",
      "encoding: [base64],",
      "secret: whsec_,",
      "13:39",
      "`whsec_` is not a form of secrets, did you mean `whsec`?",
    ],
    [
      "an age that is no duration",
      "encoding: [base64],",
      'maxAge: { place: "header:x-time", as: seconds, past: 3 days },',
      "13:84",
      "must be a duration such as 3d",
    ],
    [
      "a value to be compared that is in the body",
      "- token: {}",
      '- equals: { place: "field:secret" }',
      "14:26",
      "header:<name> or query:<name>",
    ],
    [
      "a case of a word with an unknown key",
      "signed: signer.signed",
      "signed: [{ wen: state, event: signer.signed }]",
      "5:16",
      "is not a known key (known here: when, event, meaning, reopen)",
    ],
    [
      "a case of a word with a type that is not in the vocabulary",
      "signed: signer.signed",
      "signed: [{ when: state, event: signer.sined }]",
      "5:36",
      "did you mean `signer.signed`?",
    ],
    [
      "cases of a word among event types",
      "signed: signer.signed",
      "signed: [signer.signed, { event: signer.declined }]",
      "5:13",
      "is either a list of event types, or one of cases",
    ],
    [
      "a look-up that is not closed",
      "each: people",
      "each: people[id={who].x",
      "23:15",
      "a path is keys with dots between",
    ],
    [
      "a zone that does not exist",
      "{ path: at, as: iso }",
      "{ path: at, as: iso, zone: Europe/Londn }",
      "18:40",
      "is no time zone: write one of the IANA list, such as Europe/London",
    ],
    [
      "a zone of a time that is a number",
      "{ path: at, as: iso }",
      "{ path: at, as: seconds, zone: Europe/London }",
      "18:44",
      "is of no use for a time that is a number",
    ],
    [
      "something of no use without a list",
      "as: json, each: data.events",
      "as: json, single: true",
      "15:43",
      "is of no use without `each`",
    ],
    ["a provider's name with a slash", "provider: acme", "provider: acme/x", "1:11", "a-z, 0-9 and -"],
    ["text that is not YAML", "title: Acme", "title: [Acme", "3:1", "not valid YAML"],
  ];
  for (const [why, good, bad, place, ...says] of mistakes) {
    it(`is refused for ${why}, with its place`, () => {
      expect(GOOD).to.contain(good);
      const { mapping } = parseMapping(GOOD.replace(good, bad), "acme.yaml", "acme");
      const problems = problemsOf(GOOD.replace(good, bad));
      expect(mapping).to.equal(null);
      const here = problems.filter((problem) => problem.startsWith(`acme.yaml:${place}: `));
      for (const words of says) expect(here[0], problems.join("\n")).to.contain(words);
    });
  }

  it("is refused for a channel without an event", () => {
    const text = "provider: a\ntitle: A\ntables: {}\nchannels:\n  main: { title: Main }\n";
    expect(problemsOf(text)).to.deep.equal([
      "acme.yaml:5:9: `channels.main`: has no `event`, and there is none at the top of the file",
    ]);
  });

  it("shows all its mistakes at once, in the order of the file", () => {
    const bad = GOOD.replace("signer.signed", "x.y")
      .replace("sha512", "md5")
      .replace("table: events", "table: nope")
      .replace("as: iso", "as: x");
    expect(problemsOf(bad).map((problem) => problem.split(":")[1])).to.deep.equal(["5", "13", "17", "18"]);
  });
});

describe("loadMapping", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "countersign-"));
    await writeFile(join(folder, "lumin.yaml"), GOOD);
    await writeFile(join(folder, "broken.yaml"), "provider: 7\n");
    await mkdir(join(folder, "folder.yaml"));
  });
  after(() => rm(folder, { recursive: true }));

  it("looks into one folder after the other", async () => {
    expect((await loadMapping("lumin", [folder, SHIPPED_MAPPINGS])).mapping?.title).to.equal("Acme");
    expect((await loadMapping("legalesign", [folder, SHIPPED_MAPPINGS])).mapping?.title).to.equal(
      "Legalesign",
    );
    expect((await loadMapping("lumin", [join(folder, "none"), SHIPPED_MAPPINGS])).mapping?.title).to.equal(
      "Lumin",
    );
  });

  it("does not go on to the next folder when a file is broken", async () => {
    const { mapping, problems, absent } = await loadMapping("broken", [folder, SHIPPED_MAPPINGS]);
    expect(mapping).to.equal(null);
    expect(absent).to.equal(null);
    expect(problems[0]).to.include({ file: join(folder, "broken.yaml"), line: 1 });
    expect((await loadMapping("folder", [folder])).problems[0]?.message).to.contain("cannot be read");
  });

  it("names the known mappings when there is no such file", async () => {
    const { mapping, problems, absent } = await loadMapping("legalsign", [SHIPPED_MAPPINGS]);
    expect([mapping, problems]).to.deep.equal([null, []]);
    const known = readdirSync(SHIPPED_MAPPINGS).map((file) => file.replace(/\.yaml$/, ""));
    expect(absent).to.equal(
      `\`legalsign\` is not a mapping, did you mean \`legalesign\`? known here: ${known.sort().join(", ")}`,
    );
  });

  it("never leaves its folders, for any name", async () => {
    for (const name of ["../lumin", "a/../lumin", "/etc/passwd", ".", "", "lumin\0", "..\\lumin", "LUMIN"]) {
      expect((await loadMapping(name, [join(folder, "sub"), folder])).absent).to.contain("is not a mapping");
    }
  });
});
