import { expect } from "chai";
import type { Concern } from "../../src/concern/concern.ts";
import { remembered, transitions } from "../../src/concern/transitions.ts";

function aConcern(id: string, given: Partial<Concern> = {}): Concern {
  return {
    id,
    kind: "parked",
    severity: "warning",
    since: 1_000,
    subject: {},
    count: 1,
    sentence: "Something is wrong.",
    advice: "Mend it.",
    command: null,
    ends: "its end",
    ...given,
  };
}

interface Case {
  title: string;
  before: readonly Concern[];
  now: readonly Concern[];
  expected: readonly string[];
}

const CASES: readonly Case[] = [
  { title: "begun, where a concern is new", before: [], now: [aConcern("a")], expected: ["begun a"] },
  { title: "over, where a concern is gone", before: [aConcern("a")], now: [], expected: ["over a"] },
  { title: "nothing, where a concern goes on", before: [aConcern("a")], now: [aConcern("a")], expected: [] },
  {
    title: "worse, where a concern is severer",
    before: [aConcern("a")],
    now: [aConcern("a", { severity: "critical" })],
    expected: ["worse a"],
  },
  {
    title: "nothing, where a concern is less severe",
    before: [aConcern("a")],
    now: [aConcern("a", { severity: "notice" })],
    expected: [],
  },
  {
    title: "worse, where the count has another digit",
    before: [aConcern("a", { count: 9 })],
    now: [aConcern("a", { count: 10 })],
    expected: ["worse a"],
  },
  {
    title: "nothing, where the count grows by less",
    before: [aConcern("a", { count: 10 })],
    now: [aConcern("a", { count: 99 })],
    expected: [],
  },
  {
    title: "nothing, where only the words change",
    before: [aConcern("a")],
    now: [aConcern("a", { sentence: "Something is still wrong.", since: 2_000 })],
    expected: [],
  },
  {
    title: "what is new and worse in the present order, then what is over",
    before: [aConcern("over"), aConcern("worse")],
    now: [aConcern("new"), aConcern("worse", { count: 100 })],
    expected: ["begun new", "worse worse", "over over"],
  },
];

describe("between two evaluations, transitions", () => {
  for (const { title, before, now, expected } of CASES)
    it(`are ${title}`, () => {
      const found = transitions(before, now).map(({ change, concern }) => `${change} ${concern.id}`);
      expect(found).to.deep.equal(expected);
    });

  it("show a concern as it is now, and as it was last where it is over", () => {
    const [worse, over] = transitions(
      [aConcern("a"), aConcern("b", { count: 4 })],
      [aConcern("a", { severity: "critical" })],
    );
    expect(worse?.concern.severity).to.equal("critical");
    expect(over?.concern.count).to.equal(4);
  });
});

describe("what is remembered of a concern", () => {
  /** The changes over several evaluations, each compared with what was remembered. */
  function changesOver(evaluations: readonly (readonly Concern[])[]): string[] {
    let before: readonly Concern[] = [];
    return evaluations.flatMap((now) => {
      const changes = transitions(before, now).map(({ change }) => change);
      before = remembered(before, now);
      return changes;
    });
  }

  it("tells once of a count that crosses a threshold again and again", () => {
    const counts = [9, 10, 9, 10, 9, 100].map((count) => [aConcern("a", { count })]);
    expect(changesOver(counts)).to.deep.equal(["begun", "worse", "worse"]);
  });

  it("tells once of a severity that rises again and again", () => {
    const severities = (["warning", "critical", "warning", "critical"] as const).map((severity) => [
      aConcern("a", { severity }),
    ]);
    expect(changesOver(severities)).to.deep.equal(["begun", "worse"]);
  });

  it("begins anew after its end", () => {
    const evaluations = [[aConcern("a", { count: 10 })], [], [aConcern("a")], [aConcern("a", { count: 10 })]];
    expect(changesOver(evaluations)).to.deep.equal(["begun", "over", "begun", "worse"]);
  });

  it("keeps the earliest time", () => {
    const [kept] = remembered([aConcern("a")], [aConcern("a", { since: 2_000 })]);
    expect(kept?.since).to.equal(1_000);
  });
});
