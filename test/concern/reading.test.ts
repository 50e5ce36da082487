import { expect } from "chai";
import { DAY_MS, HOUR_MS } from "../../src/concern/words.ts";
import { aChannel, type Case, concernOf, idsOf, NOW } from "./situations.ts";

const READING: readonly Case[] = [
  {
    title: "a secret of which only the older matches for a day",
    given: { channels: [aChannel({ olderSecret: { since: NOW - DAY_MS, newest: NOW } })] },
    expected: ["rotation_unfinished:lumin/account"],
  },
  {
    title: "no secret of which only the older matches for less than a day",
    given: { channels: [aChannel({ olderSecret: { since: NOW - DAY_MS + 1, newest: NOW } })] },
    expected: [],
  },
  {
    title: "requests that could not be read",
    given: { channels: [aChannel({ problems: { count: 2, oldest: NOW - HOUR_MS, newest: NOW } })] },
    expected: ["unreadable:lumin/account"],
  },
  {
    title: "no requests that could be read again",
    given: { channels: [aChannel({ problems: { count: 0, oldest: NOW - HOUR_MS, newest: NOW } })] },
    expected: [],
  },
  {
    title: "unknown words of two sources",
    given: { unknownWords: [aWord("lumin"), aWord("legalesign"), aWord("lumin")] },
    expected: ["unknown_word:legalesign", "unknown_word:lumin"],
  },
  {
    title: "no unknown word that did not come for 30 days",
    given: { unknownWords: [{ ...aWord("lumin"), newest: NOW - 30 * DAY_MS }] },
    expected: [],
  },
];

function aWord(source: string) {
  return {
    source,
    word: "signature_request_paid",
    object: null,
    count: 4,
    first: NOW - HOUR_MS,
    newest: NOW,
  };
}

describe("what could not be read", () => {
  for (const { title, given, expected } of READING)
    it(`names ${title}`, () => expect(idsOf(given)).to.deep.equal(expected));

  it("shows a word that is shaped like one, and of any other text its length", () => {
    const unknownWords = [
      aWord("lumin"),
      { ...aWord("lumin"), word: "Ada Example signed", object: "document", count: 1 },
    ];
    const { sentence, count } = concernOf({ unknownWords }, "unknown_word:lumin");
    expect(sentence).to.equal(
      "The mapping of lumin does not have 2 words that came since 2026-03-04 11:00:00: signature_request_paid 4 times, a text of 18 characters (document) 1 time.",
    );
    expect(count).to.equal(2);
  });

  it("shows five words, and the number of the others", () => {
    const unknownWords = Array.from({ length: 7 }, (_, index) => ({
      ...aWord("lumin"),
      word: `word_${index}`,
    }));
    expect(concernOf({ unknownWords }, "unknown_word:lumin").sentence).to.match(
      /word_4 4 times and 2 more\.$/,
    );
  });
});
