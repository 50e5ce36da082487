import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import type { Draft } from "../../src/domain/draft.ts";
import { preview } from "../../src/inbound/preview.ts";
import { createTracer, type Origin, type Tracer } from "../../src/mapping/trace.ts";
import { channelOf, shipped } from "../inbound/posts.ts";

const ROOT = fileURLToPath(new URL("../fixtures/", import.meta.url));

/** What a draft says, part by part, as texts. Ids that are computed are left out. */
function partsOf({ time, document, signer, signers, reason, code, id }: Draft): string[] {
  const people = [
    ...(signer ? [["signer", signer] as const] : []),
    ...signers.map((one) => ["signers", one] as const),
  ];
  const parts: [string, unknown][] = [
    ["id", id?.value],
    ["time", time === null ? null : new Date(time).toISOString()],
    ["code.object", code.object],
    ["code.value", code.value],
    ["code.name", code.name],
    ["reason", reason],
    ["document.id", document?.id],
    ["document.title", document?.title],
    ...(document?.tags ?? []).map((tag) => ["document.tags", tag] as [string, unknown]),
    ["document.test", document?.test],
    ["document.expiresAt", document?.expiresAt == null ? null : new Date(document.expiresAt).toISOString()],
    ...people.flatMap(([name, { email, name: who, role, status }]) => [
      [`${name}.name`, who] as [string, unknown],
      [`${name}.email`, email] as [string, unknown],
      // A role that the list of signers gives is copied to the signer of the event.
      [`signers.role`, name === "signers" ? role : null] as [string, unknown],
      [`${name}.status`, status] as [string, unknown],
    ]),
  ];
  return parts.flatMap(([part, value]) => (value == null ? [] : [`${part} = ${value}`]));
}

const asTexts = (origins: readonly Origin[]) =>
  origins.map(({ part, value }) => `${part.replace(/\[\d+\]/, "")} = ${value}`);

describe("the lines of a mapping", () => {
  for (const { name: provider } of readdirSync(ROOT, { withFileTypes: true }).filter((one) =>
    one.isDirectory(),
  ))
    it(`account for each part of what ${provider}'s fixtures say`, async () => {
      let count = 0;
      const tracers = new Map<string, Tracer | null>();
      for (const name of readdirSync(`${ROOT}${provider}`)) {
        const folder = `${ROOT}${provider}/${name}/`;
        if (!existsSync(`${folder}request.json`)) continue;
        const {
          channel: channelName,
          query,
          headers,
        } = JSON.parse(readFileSync(`${folder}request.json`, "utf8"));
        const [file = ""] = readdirSync(folder).filter((one) => one.startsWith("body"));
        const { mapping, rules } = await shipped(provider, channelName);
        const { text } = mapping.source;
        const trace = tracers.get(channelName) ?? createTracer(text, "x.yaml", channelName);
        tracers.set(channelName, trace);
        const body = readFileSync(`${folder}${file}`);
        for (const { drafts, origins } of preview({ mapping, rules, body, query, headers, trace }).items)
          for (const draft of drafts) {
            expect(asTexts(origins), name).to.include.members(partsOf(draft));
            for (const { line, text: shown } of origins)
              expect(shown.startsWith(text.split("\n")[line - 1]?.trim() ?? "?"), name).to.equal(true);
            count += 1;
          }
      }
      expect(count).to.be.above(0);
    });

  const YAML = `provider: acme
title: Acme
event:
  word:
    from: what
    table: words
  time: { path: at, as: seconds }
  document:
    id:
      - id
      - nested.id
    title: { value: "A title" }
  signers:
    each: people
    email: mail
tables:
  words:
    done:
      - { when: { path: final, is: "yes" }, event: document.completed }
      - { event: document.sent }
    skip: ignore
channels:
  main: { title: Main }
`;
  const read = (item: unknown) => {
    const { mapping, rules } = channelOf(YAML);
    const trace = createTracer(YAML, "acme.yaml", "main");
    const { items } = preview({ mapping, rules, body: Buffer.from(JSON.stringify(item)), query: "", trace });
    return Object.fromEntries((items[0]?.origins ?? []).map(({ part, ...rest }) => [part, rest]));
  };

  it("name the alternative that gave a value, and the case that held", () => {
    const first = read({ what: "done", final: "yes", id: "a", nested: { id: "b" }, at: 1 });
    expect(first["document.id"]).to.deep.equal({ value: "a", line: 10, text: "- id" });
    expect(first.type).to.deep.equal({
      value: "document.completed",
      line: 19,
      text: '- { when: { path: final, is: "yes" }, event: document.completed }',
    });
    const second = read({
      what: "done",
      nested: { id: "b" },
      people: [{ mail: "a@b.c" }, { mail: "d@e.f" }],
    });
    expect(second["document.id"]).to.include({ value: "b", line: 11 });
    expect(second.type).to.include({ value: "document.sent", line: 20 });
    expect(second["signers[1].email"]).to.include({ value: "d@e.f", line: 15 });
    expect(second).not.to.have.property("time");
  });

  it("say that a word is unknown, by the line that names the table, or ignored, by its entry", () => {
    expect(read({ what: "nothing like it", id: "a" }).type).to.include({ value: "unknown", line: 6 });
    expect(read({ what: "constructor", id: "a" }).type).to.include({ value: "unknown", line: 6 });
    expect(read({ what: "skip", id: "a" }).type).to.include({ value: "ignore", line: 21 });
  });

  it("say nothing of an item that is no object, a file that is not good, or an unknown channel", () => {
    expect(read(7)).to.deep.equal({});
    expect(createTracer(YAML.replace("as: seconds", "as: sundials"), "acme.yaml", "main")).to.equal(null);
    expect(createTracer("[", "acme.yaml", "main")).to.equal(null);
    expect(createTracer(YAML, "acme.yaml", "other")).to.equal(null);
  });
});
