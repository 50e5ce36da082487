import { expect } from "chai";
import { evaluate } from "../../src/concern/evaluate.ts";
import type { ChannelTally } from "../../src/concern/situation.ts";
import { aChannel, aSituation, DAY, HOUR, officeHours, seeded } from "./situations.ts";

/** Monday, 1 June 2026. */
const MONDAY = Date.UTC(2026, 5, 1);
const SEEDS = Array.from({ length: 10 }, (_, n) => n + 1);

/** The ids of the concerns at a moment, with what had come by then. */
function look(all: readonly ChannelTally[], now: number): string[] {
  const tallies = all.filter(({ newest }) => newest <= now && newest > now - 57 * DAY);
  const newestGenuine = tallies.length === 0 ? null : Math.max(...tallies.map(({ newest }) => newest));
  const channel = aChannel({ tallies, newestGenuine, since: now - 100 * DAY });
  return evaluate(aSituation({ now, channels: [channel] })).map(({ id }) => id);
}

describe("the silence of a channel that is busy in office hours", () => {
  it("is no concern in nights and at weekends, over four weeks, whatever the chance", () => {
    for (const seed of SEEDS) {
      const tallies = officeHours(MONDAY + 28 * DAY, 28 + 60, seeded(seed));
      for (let now = MONDAY; now < MONDAY + 28 * DAY; now += HOUR)
        expect(look(tallies, now), `seed ${seed}, ${new Date(now).toISOString()}`).to.deep.equal([]);
    }
  });

  it("is one within four hours of a working day on which something had come for two", () => {
    for (const seed of SEEDS) {
      const stop = MONDAY + DAY + 10 * HOUR;
      const tallies = officeHours(MONDAY + 7 * DAY, 67, seeded(seed)).filter(({ newest }) => newest < stop);
      expect(look(tallies, stop), `seed ${seed}`).to.deep.equal([]);
      expect(look(tallies, stop + 5 * HOUR), `seed ${seed}`).to.deep.equal(["silent:legalesign/realtime"]);
    }
  });

  it("is over as soon as something comes", () => {
    const stop = MONDAY + DAY + 10 * HOUR;
    const before = officeHours(MONDAY + 7 * DAY, 67, seeded(1)).filter(({ newest }) => newest < stop);
    const now = stop + 6 * HOUR;
    const after: ChannelTally = { hour: now - HOUR, outcome: "accepted", count: 1, newest: now - 1_000 };
    expect(look(before, now)).to.deep.equal(["silent:legalesign/realtime"]);
    expect(look([...before, after], now)).to.deep.equal([]);
  });

  it("is not judged before there are two weeks of it", () => {
    const stop = MONDAY + DAY + 10 * HOUR;
    const tallies = officeHours(MONDAY + 7 * DAY, 13, seeded(1)).filter(({ newest }) => newest < stop);
    expect(look(tallies, stop + 6 * HOUR)).to.deep.equal([]);
  });

  it("is judged by a fixed time where one is configured", () => {
    const channel = aChannel({ expectEvery: HOUR, newestGenuine: MONDAY, since: MONDAY - DAY });
    const at = (now: number) => evaluate(aSituation({ now, channels: [channel] })).map(({ id }) => id);
    expect(at(MONDAY + HOUR)).to.deep.equal([]);
    expect(at(MONDAY + HOUR + 1)).to.deep.equal(["silent:legalesign/realtime"]);
  });
});
