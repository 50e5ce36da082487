import { expect } from "chai";
import fc from "fast-check";
import type { Concern } from "../../src/concern/concern.ts";
import {
  type AlertRule,
  advance,
  afterTelling,
  batchesOf,
  type Episode,
  type Episodes,
  inBatches,
} from "../../src/concern/episodes.ts";
import { DAY_MS, MINUTE_MS } from "../../src/concern/words.ts";
import type { Severity } from "../../src/domain/event.ts";
import { NEW_YEAR } from "../support/builders.ts";

const aConcern = (id = "parked:crm/gone", given: Partial<Concern> = {}): Concern => ({
  ...{ id, kind: "parked", severity: "warning", since: NEW_YEAR, subject: {}, count: 1 },
  ...{ sentence: "It is parked.", advice: "Look.", command: null, ends: "a replay" },
  ...given,
});
const anAlert = (
  name = "ops",
  severity: Severity = "notice",
  isQuiet = (_at: number) => false,
): AlertRule => ({
  ...{ name, severity, isQuiet },
});
const NONE: Episodes = new Map();

/** Looks at these concerns one after the other, a minute apart. Returns what was told, look by look. */
function watch(looks: readonly (readonly Concern[])[], rules = [anAlert()], start = NEW_YEAR) {
  let episodes: ReadonlyMap<string, Episode> = NONE;
  return looks.map((concerns, minute) => {
    const now = start + minute * MINUTE_MS;
    const batched = inBatches(advance(episodes, concerns, rules, now), rules, now);
    const told = batchesOf(batched);
    episodes = present(afterTelling(batched, told));
    return told.flatMap(({ alert, changes }) =>
      changes.map(({ change, concern }) => `${alert} ${change} ${concern.id}`),
    );
  });
}

const present = (episodes: ReadonlyMap<string, Episode | null>) =>
  new Map([...episodes].flatMap(([id, episode]) => (episode ? [[id, episode] as const] : [])));

describe("the episodes of concerns", () => {
  it("tell once that a concern began, and once that it is over", () => {
    const one = aConcern();
    expect(watch([[one], [one], [one], [], []])).to.deep.equal([
      ["ops begun parked:crm/gone"],
      [],
      [],
      ["ops over parked:crm/gone"],
      [],
    ]);
  });

  it("tell that it became worse, once for each digit of its count and each severity", () => {
    const counted = [9, 10, 9, 10, 99, 100].map((count) => [aConcern("a", { count })]);
    expect(watch(counted)).to.deep.equal([["ops begun a"], ["ops worse a"], [], [], [], ["ops worse a"]]);
    const severe = (["notice", "warning", "notice", "warning", "critical"] as const).map((severity) => [
      aConcern("a", { severity }),
    ]);
    expect(watch(severe)).to.deep.equal([["ops begun a"], ["ops worse a"], [], [], ["ops worse a"]]);
  });

  it("tell everything of one look together", () => {
    const [a, b, c] = ["a", "b", "c"].map((id) => aConcern(id));
    if (!a || !b || !c) throw new Error("no concern");
    const rules = [anAlert()];
    const first = inBatches(advance(NONE, [a, b], rules, NEW_YEAR), rules, NEW_YEAR);
    expect(batchesOf(first).map(({ changes }) => changes.length)).to.deep.equal([2]);
    const after = present(afterTelling(first, batchesOf(first)));
    const then = inBatches(advance(after, [b, c], rules, NEW_YEAR + 1), rules, NEW_YEAR + 1);
    expect(batchesOf(then).flatMap(({ changes }) => changes.map(({ change }) => change))).to.have.members([
      "over",
      "begun",
    ]);
  });

  it("tell less harmful ones only to those who want them, and the end to those who were told the begin", () => {
    const rules = [anAlert("all"), anAlert("calm", "critical")];
    const worse = { severity: "critical" } as const;
    expect(watch([[aConcern("a")], [aConcern("a", worse)], []], rules)).to.deep.equal([
      ["all begun a"],
      ["all worse a", "calm worse a"],
      ["all over a", "calm over a"],
    ]);
    expect(watch([[aConcern("a")], []], rules)).to.deep.equal([["all begun a"], ["all over a"]]);
  });

  it("hold back what is not critical in quiet hours, and tell it together at their end", () => {
    const end = NEW_YEAR + 3 * MINUTE_MS;
    const rules = [anAlert("ops", "notice", (at) => at < end)];
    const [a, b] = [aConcern("a"), aConcern("b", { severity: "critical" })];
    expect(watch([[a], [a, b], [b], [b]], rules)).to.deep.equal([
      [],
      ["ops begun b"],
      [],
      ["ops begun a", "ops over a"],
    ]);
  });

  it("remind once of what is open for a day, unless somebody has acknowledged it", () => {
    const concerns = [aConcern("a"), aConcern("b")];
    const rules = [anAlert()];
    const told = (episodes: Episodes, now: number) => {
      const batched = inBatches(advance(episodes, concerns, rules, now), rules, now);
      const batches = batchesOf(batched);
      const changes = batches.flatMap((one) =>
        one.changes.map(({ change, concern }) => `${change} ${concern.id}`),
      );
      return { episodes: present(afterTelling(batched, batches)), changes };
    };
    const first = told(NONE, NEW_YEAR);
    const b = first.episodes.get("b") ?? expect.fail("b did not begin");
    const until = NEW_YEAR + 10 * DAY_MS;
    const acknowledged = { at: NEW_YEAR, until, reason: "known", caller: "ops" };
    const known = new Map([...first.episodes, ["b", { ...b, acknowledged }]]);
    expect(told(known, NEW_YEAR + DAY_MS - 1).changes).to.deep.equal([]);
    const second = told(known, NEW_YEAR + DAY_MS);
    expect(second.changes).to.deep.equal(["reminder a"]);
    expect(told(second.episodes, NEW_YEAR + 5 * DAY_MS).changes).to.deep.equal([]);
    expect(told(second.episodes, until).changes).to.deep.equal(["reminder b"]);
  });

  it("end an acknowledgement at its time, and when the concern becomes worse", () => {
    const rules = [anAlert()];
    const begun = advance(NONE, [aConcern("a")], rules, NEW_YEAR);
    const episode = begun.get("a") ?? expect.fail("a did not begin");
    const acknowledged = { at: NEW_YEAR, until: NEW_YEAR + DAY_MS, reason: "known", caller: "ops" };
    const known = new Map([["a", { ...episode, acknowledged }]]);
    const later = (concern: Concern, now: number) =>
      advance(known, [concern], rules, now).get("a")?.acknowledged;
    expect(later(aConcern("a"), NEW_YEAR + DAY_MS - 1)).to.deep.equal(acknowledged);
    expect(later(aConcern("a"), NEW_YEAR + DAY_MS)).to.equal(null);
    expect(later(aConcern("a", { count: 10 }), NEW_YEAR + 1)).to.equal(null);
  });

  it("begin again under another name after they were over", () => {
    const rules = [anAlert()];
    const namesOf = (episodes: Episodes) =>
      batchesOf(episodes).flatMap(({ changes }) =>
        changes.map(({ begunAt, number }) => `${begunAt}/${number}`),
      );
    const first = inBatches(advance(NONE, [aConcern("a")], rules, NEW_YEAR), rules, NEW_YEAR);
    // Nothing was told before it was over and began again.
    const over = inBatches(advance(first, [], rules, NEW_YEAR + 1), rules, NEW_YEAR + 1);
    const again = inBatches(advance(over, [aConcern("a")], rules, NEW_YEAR + 2), rules, NEW_YEAR + 2);
    const names = namesOf(again);
    expect(names).to.have.length(3);
    expect(new Set(names).size).to.equal(3);
    expect(names.slice(0, 2)).to.deep.equal([...namesOf(over)]);
  });

  it("give what is told the same names again until it is told, whatever comes in between", () => {
    const ids = fc.subarray(["a", "b", "c"]);
    fc.assert(
      fc.property(
        fc.array(ids, { maxLength: 8 }),
        fc.array(fc.boolean(), { maxLength: 8 }),
        (looks, crashes) => {
          const rules = [anAlert("ops"), anAlert("calm", "critical", () => true)];
          let episodes: Episodes = NONE;
          const told = new Map<string, string>();
          for (const [minute, some] of looks.entries()) {
            const now = NEW_YEAR + minute * MINUTE_MS;
            const concerns = some.map((id) =>
              aConcern(id, { severity: id === "c" ? "critical" : "warning" }),
            );
            const batched = inBatches(advance(episodes, concerns, rules, now), rules, now);
            const batches = batchesOf(batched);
            for (const { alert, number, changes } of batches)
              for (const one of changes) {
                const name = `${alert} ${one.concern.id} ${one.begunAt} ${one.number}`;
                // A change that is told again after a crash is in the same batch.
                expect(told.get(name) ?? String(number)).to.equal(String(number));
                told.set(name, String(number));
              }
            episodes = crashes[minute] ? batched : present(afterTelling(batched, batches));
          }
        },
      ),
    );
  });

  it("are gone once they are over and all of them is told, and stay as long as it is not", () => {
    const rules = [anAlert("ops", "notice", () => true)];
    const begun = advance(NONE, [aConcern("a")], rules, NEW_YEAR);
    const over = inBatches(advance(begun, [], rules, NEW_YEAR + 1), rules, NEW_YEAR + 1);
    expect(afterTelling(over, batchesOf(over)).get("a")?.untold).to.have.length(2);
    expect(afterTelling(inBatches(over, [], NEW_YEAR + 2), []).get("a")).to.equal(null);
  });
});
