import { expect } from "chai";
import { COMMANDS } from "../../src/cli/commands.ts";
import { evaluate } from "../../src/concern/evaluate.ts";
import { KINDS } from "../../src/concern/kinds.ts";
import { everyTrouble } from "./troubled.ts";

describe("the concerns of a situation with every trouble", () => {
  const concerns = evaluate(everyTrouble());

  it("are of every kind, each once", () => {
    const kinds = concerns.map(({ kind }) => kind).filter((kind) => kind !== "outage");
    expect([...kinds, "outage"].sort()).to.deep.equal(Object.keys(KINDS).sort());
  });

  it("have different ids, each beginning with the kind", () => {
    expect(new Set(concerns.map(({ id }) => id)).size).to.equal(concerns.length);
    expect(concerns.filter(({ id, kind }) => id !== kind && !id.startsWith(`${kind}:`))).to.deep.equal([]);
  });

  it("have the same ids a minute later", () => {
    const troubled = everyTrouble();
    const later = evaluate({ ...troubled, now: troubled.now + 60_000 });
    expect(later.map(({ id }) => id).sort()).to.deep.equal(concerns.map(({ id }) => id).sort());
  });

  it("leave no place of a text unfilled", () => {
    const texts = concerns.flatMap(({ sentence, advice, command, ends }) => [
      sentence,
      advice,
      command ?? "",
      ends,
    ]);
    expect(texts.filter((text) => /[{}]|undefined|NaN| {2}/.test(text))).to.deep.equal([]);
  });

  it("have a sentence and an advice that are sentences, and an end", () => {
    const odd = concerns.filter(
      ({ sentence, advice, ends }) =>
        !/^\S.+\.$/.test(sentence) || !/^[A-Z`].+\.$/.test(advice) || ends === "",
    );
    expect(odd).to.deep.equal([]);
  });

  it("name only commands that exist", () => {
    const known = new Set(COMMANDS.map(({ name }) => name));
    const named = concerns.flatMap(({ advice, command }) =>
      [...`${advice} \`${command ?? ""}\``.matchAll(/`countersign ([a-z]+)/g)].map(([, name = ""]) => name),
    );
    expect(named.filter((name) => !known.has(name))).to.deep.equal([]);
  });
});
