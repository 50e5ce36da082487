import { expect } from "chai";
import type { DestinationSituation } from "../../src/concern/situation.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../src/concern/words.ts";
import { PARK_REASONS } from "../../src/domain/delivery.ts";
import { PAUSED_BY_CONFIGURATION } from "../../src/domain/destination.ts";
import { aDestination, type Case, concernOf, idsOf, NOW } from "./situations.ts";

const one = (given: Partial<DestinationSituation>) => ({ destinations: [aDestination(given)] });
const parked = (given = {}) => ({
  reason: "schedule_exhausted" as const,
  count: 2,
  oldest: NOW - DAY_MS,
  newest: NOW - HOUR_MS,
  ...given,
});
const opened = (age: number) => ({ since: NOW - age, failures: 12 });
const pausedFor = (age: number, reason = "maintenance") => ({ at: NOW - age, reason });
const never = (given = {}) => ({
  type: "signer.viewed" as const,
  attempts: 5,
  since: NOW - HOUR_MS,
  newest: NOW,
  ...given,
});
const delivered = (newest: number) => [{ hour: newest, outcome: "delivered" as const, count: 9, newest }];

const CASES: readonly Case[] = [
  ...PARK_REASONS.map((reason) => ({
    title: `parked deliveries, by reason: ${reason}`,
    given: one({ parked: [parked({ reason })] }),
    expected: [`parked:crm/${reason}`],
  })),
  {
    title: "no parked deliveries that were acknowledged",
    given: one({ parked: [parked({ count: 0 })] }),
    expected: [],
  },
  {
    title: "a breaker that is open for longer than an hour",
    given: one({ breaker: opened(HOUR_MS + 1) }),
    expected: ["breaker_open:crm"],
  },
  { title: "no breaker that is open for an hour", given: one({ breaker: opened(HOUR_MS) }), expected: [] },
  {
    title: "a pause that is longer than an hour",
    given: one({ paused: pausedFor(HOUR_MS + 1) }),
    expected: ["paused:crm"],
  },
  { title: "no pause of an hour", given: one({ paused: pausedFor(HOUR_MS) }), expected: [] },
  {
    title: "a delivery that has waited for longer than `waitingLimit`",
    given: one({ open: 3, oldest: NOW - HOUR_MS - 1 }),
    expected: ["waiting:crm"],
  },
  {
    title: "no delivery that has waited for `waitingLimit`",
    given: one({ open: 3, oldest: NOW - HOUR_MS }),
    expected: [],
  },
  {
    title: "no delivery that waits, where there is no limit",
    given: one({ open: 3, oldest: NOW - 9 * DAY_MS, waitingLimit: null }),
    expected: [],
  },
  {
    title: "no delivery that waits beside the breaker that it waits for",
    given: one({ open: 3, oldest: NOW - 2 * HOUR_MS, breaker: opened(2 * HOUR_MS) }),
    expected: ["breaker_open:crm"],
  },
  {
    title: "no delivery that waits beside the pause that it waits for",
    given: one({ open: 3, oldest: NOW - 2 * HOUR_MS, paused: pausedFor(2 * HOUR_MS) }),
    expected: ["paused:crm"],
  },
  {
    title: "a delivery that waits beside a breaker that has just opened",
    given: one({ open: 3, oldest: NOW - 2 * HOUR_MS, breaker: opened(MINUTE_MS) }),
    expected: ["waiting:crm"],
  },
  {
    title: "an event type that is never taken, while others are",
    given: one({ neverTaken: [never()], tallies: delivered(NOW - MINUTE_MS) }),
    expected: ["event_type_refused:crm/signer.viewed"],
  },
  {
    title: "no event type after four attempts",
    given: one({ neverTaken: [never({ attempts: 4 })], tallies: delivered(NOW - MINUTE_MS) }),
    expected: [],
  },
  {
    title: "no event type within an hour of the first attempt",
    given: one({ neverTaken: [never({ since: NOW - HOUR_MS + 1 })], tallies: delivered(NOW - MINUTE_MS) }),
    expected: [],
  },
  {
    title: "no event type, where the destination has taken nothing since",
    given: one({ neverTaken: [never()], tallies: delivered(NOW - 2 * HOUR_MS) }),
    expected: [],
  },
];

describe("of destinations, the rules name", () => {
  for (const { title, given, expected } of CASES)
    it(title, () => expect(idsOf(given)).to.deep.equal(expected));
});

describe("the concern about a destination", () => {
  it("is critical where deliveries are parked, and a notice where an operator skipped them", () => {
    const severities = (["gone", "skipped"] as const).map(
      (reason) => concernOf(one({ parked: [parked({ reason })] }), `parked:crm/${reason}`).severity,
    );
    expect(severities).to.deep.equal(["critical", "notice"]);
  });

  it("says how many are parked, since when and why, with the command that lists them", () => {
    const { sentence, advice, command, count } = concernOf(
      one({ parked: [parked()] }),
      "parked:crm/schedule_exhausted",
    );
    expect(sentence).to.equal(
      "Parked for crm since 2026-03-03 12:00:00, the last at 2026-03-04 11:00:00: 2 deliveries. Every attempt of the schedule failed.",
    );
    expect(advice).to.include("`countersign replay` sends them");
    expect(command).to.equal(
      "countersign deliveries --destination crm --status parked --reason schedule_exhausted",
    );
    expect(count).to.equal(2);
  });

  it("is a notice where it is paused and nothing waits", () => {
    const severities = [0, 1].map(
      (open) => concernOf(one({ open, paused: pausedFor(DAY_MS) }), "paused:crm").severity,
    );
    expect(severities).to.deep.equal(["notice", "warning"]);
  });

  it("says how a pause ends: by a command, or by the configuration", () => {
    const commands = ["maintenance", PAUSED_BY_CONFIGURATION].map(
      (reason) => concernOf(one({ paused: pausedFor(DAY_MS, reason) }), "paused:crm").command,
    );
    expect(commands).to.deep.equal(["countersign resume crm --reason back", "countersign reload"]);
  });

  it("masks an address in the reason of a pause", () => {
    const { sentence } = concernOf(one({ paused: pausedFor(DAY_MS, "ask ada@example.com") }), "paused:crm");
    expect(sentence).to.equal(
      "crm is paused since 2026-03-03 12:00:00, for 1 day (ask a•••@example.com), and nothing waits for it.",
    );
  });

  it("says of an open breaker that it is the token endpoint that fails", () => {
    const breaker = { ...opened(2 * HOUR_MS), failing: "token_endpoint" as const };
    const concern = concernOf(one({ breaker, open: 3 }), "breaker_open:crm");
    expect(concern.sentence).to.match(/^The token endpoint of crm has failed since .+: 12 failures in a row/);
    expect(concern.advice).to.include("correct `auth.oauth2` and run `countersign reload`");
  });

  it("says what an open breaker holds up", () => {
    const { sentence } = concernOf(one({ open: 1, breaker: opened(90 * MINUTE_MS) }), "breaker_open:crm");
    expect(sentence).to.equal(
      "crm has failed since 2026-03-04 10:30:00, for 1 hour 30 minutes: 12 failures in a row, and 1 delivery waits for it. Only probes are sent.",
    );
  });
});
