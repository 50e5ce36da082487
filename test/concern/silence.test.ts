import { expect } from "chai";
import { isFeastDay } from "../../src/concern/feast-days.ts";
import type { ChannelSituation, Situation } from "../../src/concern/situation.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../src/concern/words.ts";
import {
  aBusyChannel,
  aChannel,
  at,
  concernOf,
  idsOf,
  MACHINES,
  OFFICE,
  type Rhythm,
  talliesOf,
} from "./situations.ts";

const SILENT = "silent:lumin/account";

/** Of a channel, from one moment to another. */
interface Silence {
  title: string;
  channel: ChannelSituation;
  beside?: Partial<Situation>;
  /** Not silent yet; absent: not asked. */
  not?: string;
  /** Silent at the latest; absent: not asked. */
  silent?: string;
}

/** The rhythm without the time between two moments, in which `share` of it comes. */
function without(rhythm: Rhythm, from: string, until: string, share = 0): Rhythm {
  return (hour) => (hour >= at(from) && hour < at(until) ? Math.floor(share * rhythm(hour)) : rhythm(hour));
}

function isSilent(channel: ChannelSituation, now: string, beside: Partial<Situation> = {}): boolean {
  return idsOf({ now: at(now), ...beside, channels: [channel, ...(beside.channels ?? [])] }).includes(SILENT);
}

/** One request at ten o'clock on those days of the week; Sunday is 0. */
function atTenOn(...days: number[]): Rhythm {
  return (hour) => (new Date(hour).getUTCHours() === 10 && days.includes(new Date(hour).getUTCDay()) ? 1 : 0);
}

const ON_WEDNESDAY = at("2026-03-04 10:59");
const ON_TUESDAY_EVENING = at("2026-03-03 16:59");

const CASES: readonly Silence[] = [
  {
    title: "is silent within 4 hours, where a working day stops in its middle",
    channel: aBusyChannel({ until: ON_WEDNESDAY }),
    not: "2026-03-04 12:00",
    silent: "2026-03-04 14:59",
  },
  {
    title: "is silent by the sixth hour of the second working day, where the first has no request at all",
    channel: aBusyChannel({ until: ON_TUESDAY_EVENING }),
    not: "2026-03-04 23:00",
    silent: "2026-03-05 14:00",
  },
  {
    title: "is silent by the sixth hour of the second working day, where a day stops after its first hour",
    channel: aBusyChannel({ until: at("2026-03-04 08:50") }),
    not: "2026-03-04 23:00",
    silent: "2026-03-06 14:00",
  },
  {
    title: "is not silent at night and over a weekend",
    channel: aBusyChannel({ until: at("2026-03-06 16:59") }),
    not: "2026-03-09 08:30",
  },
  {
    title: "is not silent on a holiday",
    channel: aBusyChannel({ until: ON_TUESDAY_EVENING }),
    not: "2026-03-05 08:30",
  },
  {
    title: "is not silent on a holiday with a straggler in the morning",
    channel: aBusyChannel({
      rhythm: without(OFFICE, "2026-03-04 08:00", "2026-03-04 10:00"),
      until: at("2026-03-04 10:10"),
    }),
    not: "2026-03-04 23:00",
  },
  {
    title: "is not silent from Good Friday to the Tuesday after Easter",
    channel: aBusyChannel({ until: at("2026-04-02 16:59") }),
    not: "2026-04-07 16:00",
    silent: "2026-04-08 14:00",
  },
  {
    title: "is not silent between Christmas and New Year",
    channel: aBusyChannel({ until: at("2026-12-23 16:59") }),
    not: "2027-01-04 16:00",
    silent: "2027-01-05 14:00",
  },
  {
    title: "is silent on the first day, where another channel of the source is as busy as usual",
    channel: aBusyChannel({ until: ON_TUESDAY_EVENING }),
    beside: { channels: [aBusyChannel({ until: at("2026-03-04 13:30") }, { name: "app" })] },
    not: "2026-03-04 09:00",
    silent: "2026-03-04 14:00",
  },
  {
    title: "is not silent on the first day, where only a channel of another source is as busy as usual",
    channel: aBusyChannel({ until: ON_TUESDAY_EVENING }),
    beside: { channels: [aBusyChannel({ until: at("2026-03-04 13:30") }, { source: "docusign" })] },
    not: "2026-03-04 14:00",
  },
  {
    title: "is not silent on the first day, where machines post over another channel of the source",
    channel: aBusyChannel({ until: ON_TUESDAY_EVENING }),
    beside: {
      channels: [aBusyChannel({ rhythm: MACHINES, until: at("2026-03-04 13:30") }, { name: "app" })],
    },
    not: "2026-03-04 14:00",
  },
  {
    title: "is silent later on a slow day",
    channel: aBusyChannel({
      rhythm: without(OFFICE, "2026-03-04 08:00", "2026-03-04 17:00", 0.4),
      until: ON_WEDNESDAY,
    }),
    not: "2026-03-04 14:59",
  },
  {
    title: "does not count the hours in which the bridge did not run",
    channel: aBusyChannel({ until: ON_WEDNESDAY }),
    beside: { lastStop: { from: at("2026-03-04 11:00"), until: at("2026-03-04 14:30") } },
    not: "2026-03-04 15:30",
    silent: "2026-03-06 14:00",
  },
  {
    title: "does not count the hours that the clock skipped",
    channel: aBusyChannel({ until: ON_WEDNESDAY }),
    beside: { clockJumps: [{ at: at("2026-03-04 14:30"), by: 3.5 * HOUR_MS }] },
    not: "2026-03-04 15:30",
  },
  {
    title: "is silent within 3 hours, where machines post day and night",
    channel: aBusyChannel({ rhythm: MACHINES, until: at("2026-03-04 01:30") }),
    not: "2026-03-04 02:45",
    silent: "2026-03-04 04:30",
  },
  {
    title: "is silent as soon, where the weeks before had an outage of three days",
    channel: aBusyChannel({
      rhythm: without(OFFICE, "2026-02-10 08:00", "2026-02-12 17:00"),
      until: ON_WEDNESDAY,
    }),
    silent: "2026-03-04 14:59",
  },
  {
    title: "is not silent on the first mornings after summer time has begun",
    channel: aBusyChannel({
      rhythm: (hour) => OFFICE(hour >= at("2026-03-29 01:00") ? hour + HOUR_MS : hour),
      until: at("2026-03-30 15:59"),
    }),
    not: "2026-03-31 08:00",
  },
  {
    title: "stays silent for as long as nothing comes",
    channel: aBusyChannel({ until: ON_WEDNESDAY }),
    silent: "2026-12-01 12:00",
  },
  {
    title: "has no habit before two weeks of requests",
    channel: aBusyChannel({ weeks: 13 / 7, until: ON_WEDNESDAY }),
    not: "2026-03-31 12:00",
    silent: "2026-04-01 12:00",
  },
  {
    title: "has a habit after two weeks of requests",
    channel: aBusyChannel({ weeks: 2.1, until: ON_WEDNESDAY }),
    not: "2026-03-04 12:00",
    silent: "2026-03-06 14:00",
  },
  {
    title: "is silent after `expectEvery`, at night as well",
    channel: aBusyChannel({ until: ON_TUESDAY_EVENING }, { expectEvery: 30 * MINUTE_MS }),
    not: "2026-03-03 17:29",
    silent: "2026-03-03 17:30",
  },
  {
    title: "does not count the time in which the bridge did not run against `expectEvery`",
    channel: aBusyChannel({ until: ON_TUESDAY_EVENING }, { expectEvery: 30 * MINUTE_MS }),
    beside: { lastStop: { from: at("2026-03-03 17:00"), until: at("2026-03-03 18:00") } },
    not: "2026-03-03 18:29",
    silent: "2026-03-03 18:30",
  },
];

describe("a channel", () => {
  for (const { title, channel, beside, not, silent } of CASES)
    it(title, () => {
      if (not !== undefined) expect(isSilent(channel, not, beside), `at ${not}`).to.equal(false);
      if (silent !== undefined) expect(isSilent(channel, silent, beside), `at ${silent}`).to.equal(true);
    });

  it("is not silent any more once a genuine request has come", () => {
    const rhythm = without(OFFICE, "2026-03-04 11:00", "2026-03-04 15:00");
    expect(isSilent(aBusyChannel({ rhythm, until: ON_WEDNESDAY }), "2026-03-04 15:05")).to.equal(true);
    expect(isSilent(aBusyChannel({ rhythm, until: at("2026-03-04 15:01") }), "2026-03-04 15:05")).to.equal(
      false,
    );
  });

  it("counts a request with a problem as genuine, and no refused one", () => {
    const { tallies, ...rest } = aBusyChannel({ until: ON_WEDNESDAY });
    const withOutcome = (outcome: "problem" | "refused") =>
      aChannel({ ...rest, tallies: tallies.map((tally) => ({ ...tally, outcome })) });
    expect(isSilent(withOutcome("problem"), "2026-03-04 14:59")).to.equal(true);
    expect(isSilent(withOutcome("refused"), "2026-03-04 14:59")).to.equal(false);
  });

  it("learns nothing from refused requests", () => {
    const { tallies, ...rest } = aBusyChannel({ until: at("2026-03-06 16:59") });
    const strangers = talliesOf(MACHINES, rest.since, at("2026-03-06 16:59"));
    const refused = strangers.map((tally) => ({ ...tally, outcome: "refused" as const }));
    const both = [...tallies, ...refused].sort((one, other) => one.hour - other.hour);
    expect(isSilent(aChannel({ ...rest, tallies: both }), "2026-03-08 12:00")).to.equal(false);
  });

  it("that posts twice a week is silent after weeks, not days", () => {
    const channel = aBusyChannel({ rhythm: atTenOn(1, 4), until: at("2026-03-02 10:20") });
    expect(isSilent(channel, "2026-03-16 10:00")).to.equal(false);
    expect(isSilent(channel, "2026-05-11 10:00")).to.equal(true);
  });

  it("that posts once a week is silent after months, as few requests teach little", () => {
    const channel = aBusyChannel({ rhythm: atTenOn(1), until: at("2026-03-02 10:20") });
    expect(isSilent(channel, "2026-05-25 10:00")).to.equal(false);
    expect(isSilent(channel, "2026-10-05 10:00")).to.equal(true);
  });

  it("that is only busy one week in four is not silent in the weeks between", () => {
    const rhythm: Rhythm = (hour) => (Math.floor(hour / DAY_MS / 7) % 4 === 0 ? OFFICE(hour) : 0);
    const from = at("2026-01-01 00:00");
    const tallies = talliesOf(rhythm, from, at("2026-06-30 00:00"));
    const days = Array.from({ length: 120 }, (_, day) => at("2026-03-02 12:00") + day * DAY_MS);
    const silent = days.filter((now) => {
      const past = tallies.filter(({ hour }) => hour + HOUR_MS <= now);
      const newest = past.at(-1)?.newest ?? from;
      const channel = aChannel({ since: from, tallies: past, newestGenuine: newest });
      return idsOf({ now, channels: [channel] }).includes(SILENT);
    });
    expect(silent).to.deep.equal([]);
  });
});

describe("the concern about a silent channel", () => {
  const channels = [aBusyChannel({ until: ON_WEDNESDAY })];

  it("says since when, for how long, and how many requests are usual", () => {
    const { severity, since, sentence, command } = concernOf(
      { now: at("2026-03-04 14:59"), channels },
      SILENT,
    );
    expect({ severity, since, command }).to.deep.equal({
      severity: "critical",
      since: ON_WEDNESDAY,
      command: "countersign receipts --source lumin --channel account",
    });
    expect(sentence).to.match(
      /^Nothing genuine has come to lumin\/account since 2026-03-04 10:59:00, for 4 hours: in such a time there are usually about 2\d requests\.$/,
    );
  });

  it("is a notice where too little came to know what is usual", () => {
    const young = [aBusyChannel({ weeks: 1, until: ON_WEDNESDAY })];
    const { severity, sentence } = concernOf({ now: at("2026-04-02 12:00"), channels: young }, SILENT);
    expect(severity).to.equal("notice");
    expect(sentence).to.include("too little came before to know what is usual");
  });

  it("does not call requests genuine that nothing checks", () => {
    const unchecked = [aBusyChannel({ until: ON_WEDNESDAY }, { verified: false })];
    const { sentence } = concernOf({ now: at("2026-03-04 14:59"), channels: unchecked }, SILENT);
    expect(sentence).to.match(/^Nothing has come/);
  });
});

describe("feast days", () => {
  it("are those around New Year and Easter", () => {
    const feasts = [
      "2026-04-03",
      "2026-04-06",
      "2027-03-26",
      "2027-03-29",
      "2038-04-25",
      "2026-12-24",
      "2027-01-03",
    ];
    const others = [
      "2026-04-02",
      "2026-04-07",
      "2027-03-25",
      "2027-03-30",
      "2038-04-22",
      "2026-12-23",
      "2027-01-04",
    ];
    expect([...feasts, ...others].filter((day) => isFeastDay(at(`${day} 12:00`)))).to.deep.equal(feasts);
  });
});
