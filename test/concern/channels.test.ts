import { expect } from "chai";
import type { ChannelSituation, ChannelTally } from "../../src/concern/situation.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../src/concern/words.ts";
import { only } from "../support/only.ts";
import { aBusyChannel, aChannel, at, type Case, concernOf, idsOf, NOW } from "./situations.ts";

const REFUSED = "refused:lumin/account";
const UNUSED = "unused:lumin/account";
/** Once a day. */
const KNOCKS = ["02-27", "02-28", "03-01", "03-02", "03-03", "03-04"].map((day) => `2026-${day} 09:00`);

/** Genuine requests came until one moment, then refused ones at others. */
function knocking(
  until: string,
  refused: readonly string[],
  { weeks = 8, ...given }: Partial<ChannelSituation> & { weeks?: number } = {},
) {
  const channel = aBusyChannel({ weeks, until: at(until) }, given);
  return [{ ...channel, ...refusedAt(refused, channel.tallies) }];
}

function refusedAt(moments: readonly string[], genuine: readonly ChannelTally[] = []) {
  const times = moments.map(at);
  const tallies = times.map((time): ChannelTally => {
    const hour = Math.floor(time / HOUR_MS) * HOUR_MS;
    return { hour, outcome: "refused", count: 1, newest: time };
  });
  const byHour = new Map(tallies.map((tally) => [tally.hour, tally]));
  const refused = {
    count: times.length,
    since: Math.min(...times),
    newest: Math.max(...times),
    check: "hmac",
  };
  return { tallies: [...genuine, ...byHour.values()], refused };
}

const CASES: readonly Case[] = [
  {
    title: "is refused after three requests within half an hour in which something always comes",
    given: {
      channels: knocking("2026-03-04 10:59", ["2026-03-04 11:05", "2026-03-04 11:20", "2026-03-04 11:35"]),
    },
    expected: [REFUSED],
  },
  {
    title: "is not refused after two requests",
    given: { channels: knocking("2026-03-04 10:59", ["2026-03-04 11:05", "2026-03-04 11:35"]) },
    expected: [],
  },
  {
    title: "is not refused where a stranger knocks for ten minutes",
    given: {
      channels: knocking("2026-03-04 11:44", ["2026-03-04 11:45", "2026-03-04 11:50", "2026-03-04 11:55"]),
    },
    expected: [],
  },
  {
    title: "is not refused where a stranger knocks in three hours of a night",
    given: {
      now: at("2026-03-04 07:00"),
      channels: knocking("2026-03-03 16:59", ["2026-03-03 22:10", "2026-03-04 01:30", "2026-03-04 02:30"]),
    },
    expected: [],
  },
  {
    title: "is refused where the knocking goes on for four hours of a night",
    given: {
      now: at("2026-03-04 07:00"),
      channels: knocking("2026-03-03 16:59", [
        ...["2026-03-03 22:10", "2026-03-04 01:30", "2026-03-04 02:30", "2026-03-04 06:30"],
      ]),
    },
    expected: [REFUSED],
  },
  {
    title: "is not refused where a stranger knocks on five days",
    given: { channels: knocking("2026-02-26 16:59", KNOCKS.slice(1)) },
    expected: ["silent:lumin/account"],
  },
  {
    title: "is refused where the knocking goes on for six days",
    given: { channels: knocking("2026-02-26 16:59", KNOCKS) },
    expected: [REFUSED],
  },
  {
    title: "is refused once requests come for ten minutes, where nothing genuine ever came",
    given: {
      channels: [aChannel(refusedAt(["2026-03-04 11:45", "2026-03-04 11:50", "2026-03-04 11:55"]))],
    },
    expected: [REFUSED],
  },
  {
    title: "is not refused before ten minutes, where nothing genuine ever came",
    given: {
      channels: [aChannel(refusedAt(["2026-03-04 11:46", "2026-03-04 11:50", "2026-03-04 11:55"]))],
    },
    expected: [],
  },
  {
    title: "is refused after four hours, where it is younger than its habit",
    given: {
      channels: knocking(
        "2026-03-04 07:59",
        ["2026-03-04 08:05", "2026-03-04 09:05", "2026-03-04 10:05", "2026-03-04 11:05"],
        { weeks: 1 },
      ),
    },
    expected: [REFUSED],
  },
  {
    title: "is refused after `expectEvery`",
    given: {
      channels: knocking("2026-03-04 11:20", ["2026-03-04 11:30", "2026-03-04 11:45", "2026-03-04 11:55"], {
        expectEvery: 30 * MINUTE_MS,
      }),
    },
    expected: [REFUSED],
  },
  {
    title: "is refused and not silent, where it is both",
    given: {
      now: at("2026-03-04 16:00"),
      channels: knocking("2026-03-04 10:59", ["2026-03-04 11:05", "2026-03-04 11:20", "2026-03-04 11:35"]),
    },
    expected: [REFUSED],
  },
  {
    title: "is silent and not refused, where a stranger knocked twice",
    given: {
      now: at("2026-03-04 16:00"),
      channels: knocking("2026-03-04 10:59", ["2026-03-04 11:05", "2026-03-04 11:35"]),
    },
    expected: ["silent:lumin/account"],
  },
  {
    title: "is unused after a day without a genuine request",
    given: { channels: [aChannel({ since: NOW - DAY_MS })] },
    expected: [UNUSED],
  },
  {
    title: "is not unused before a day",
    given: { channels: [aChannel({ since: NOW - DAY_MS + 1 })] },
    expected: [],
  },
  {
    title: "is not unused after its first genuine request",
    given: { channels: [aChannel({ since: NOW - 20 * DAY_MS, newestGenuine: NOW - DAY_MS })] },
    expected: [],
  },
];

describe("a channel", () => {
  for (const { title, given, expected } of CASES)
    it(title, () => expect(idsOf(given)).to.deep.equal(expected));
});

describe("the concern about refused requests", () => {
  it("names the check, and the command that takes the requests in", () => {
    const moments = ["2026-03-04 11:05", "2026-03-04 11:20", "2026-03-04 11:35"];
    const { sentence, command, count, since } = concernOf(
      { channels: knocking("2026-03-04 10:59", moments) },
      REFUSED,
    );
    expect(sentence).to.equal(
      "All requests to lumin/account are refused since 2026-03-04 11:05:00: 3 requests, the last at 2026-03-04 11:35:00 (hmac), and none that is genuine.",
    );
    expect(command).to.equal("countersign reprocess --rejected --source lumin --dry-run");
    expect({ count, since }).to.deep.equal({ count: 3, since: at("2026-03-04 11:05") });
  });

  it("is over once a genuine request has come", () => {
    const moments = ["2026-03-04 11:05", "2026-03-04 11:20", "2026-03-04 11:35"];
    const channel = only(knocking("2026-03-04 10:59", moments));
    expect(idsOf({ channels: [channel] })).to.deep.equal([REFUSED]);
    expect(idsOf({ channels: [{ ...channel, newestGenuine: NOW, refused: null }] })).to.deep.equal([]);
  });
});
