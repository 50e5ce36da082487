import type { ChannelSituation, DestinationSituation, Situation } from "../../src/concern/situation.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../src/concern/words.ts";
import {
  type MakeTrouble,
  outage,
  overdueBatch,
  refused,
  silentMachines,
  silentPeople,
} from "./channel-troubles.ts";
import { aLifeOf, type Life, NEVER } from "./lives.ts";
import { SOURCES } from "./site.ts";

/** All troubles that are injected into a simulated site. */

interface DocumentTrouble {
  kind: string;
  /** From the sending to the moment at which it is named. */
  after: number;
  life?(sentAt: number): Partial<Life>;
}

/** Three documents that do not go on until a week after they were named. */
function documents({ kind, after, life }: DocumentTrouble): MakeTrouble {
  return (at, chance) => {
    const source = chance.pick(SOURCES);
    const namedBy = at + after + HOUR_MS;
    const until = namedBy + 7 * DAY_MS;
    const lives = [0, 1, 2].map((index) =>
      aLifeOf({ source, id: `${kind}-${index}`, sentAt: at - index * MINUTE_MS, ...life?.(at) }),
    );
    const mended = lives.map(({ id }) => id);
    return {
      ids: [`${kind}:${source}`],
      from: at + after - HOUR_MS,
      namedBy,
      until,
      overBy: until + HOUR_MS,
      lives,
      alter: (situation) =>
        situation.now < until
          ? situation
          : { ...situation, documents: situation.documents.filter(({ id }) => !mended.includes(id)) },
    };
  };
}

/** The situation is another for some hours. */
function altered(
  ids: readonly string[],
  after: number,
  change: (situation: Situation, from: number) => Partial<Situation>,
): MakeTrouble {
  return (at, chance) => {
    const from = at;
    const until = from + after + chance.int(5, 30) * HOUR_MS;
    return {
      ids,
      from,
      namedBy: from + after + HOUR_MS,
      until,
      overBy: until,
      alter: (situation) =>
        situation.now >= from && situation.now < until
          ? { ...situation, ...change(situation, from) }
          : situation,
    };
  };
}

function destination(name: string, change: (from: number, now: number) => Partial<DestinationSituation>) {
  return ({ destinations, now }: Situation, from: number) => ({
    destinations: destinations.map((one) => (one.name === name ? { ...one, ...change(from, now) } : one)),
  });
}

function channel(source: string, change: (from: number, now: number) => Partial<ChannelSituation>) {
  return ({ channels, now }: Situation, from: number) => ({
    channels: channels.map((one) => (one.source === source ? { ...one, ...change(from, now) } : one)),
  });
}

const DAYS = (count: number) => count * DAY_MS;

/** At most one of a slot can go on at a time, since they would hide each other. */
export const TROUBLES: readonly { slot: string; make: MakeTrouble }[] = [
  { slot: "lumin", make: silentPeople },
  { slot: "docusign", make: silentMachines },
  { slot: "legalesign", make: refused },
  { slot: "legalesign", make: overdueBatch },
  { slot: "all channels", make: outage },
  { slot: "document_stuck", make: documents({ kind: "document_stuck", after: DAYS(14) }) },
  {
    slot: "document_expired",
    make: documents({
      kind: "document_expired",
      after: DAYS(7),
      // The provider never tells of the expiry.
      life: (sentAt) => ({ expiresAt: sentAt + DAYS(5) }),
    }),
  },
  {
    slot: "document_not_completed",
    make: documents({
      kind: "document_not_completed",
      after: DAYS(3),
      life: (sentAt) => ({ signedAt: [sentAt + HOUR_MS, sentAt + DAYS(1)] }),
    }),
  },
  {
    slot: "final_pdf_missing",
    make: documents({
      kind: "final_pdf_missing",
      after: DAYS(3),
      life: (sentAt) => ({ signedAt: [sentAt + DAYS(1)], completedAt: sentAt + DAYS(1) }),
    }),
  },
  {
    slot: "signature_missing",
    make: documents({
      kind: "signature_missing",
      after: DAYS(3),
      life: (sentAt) => ({
        signedAt: [sentAt + HOUR_MS, NEVER],
        completedAt: sentAt + DAYS(1),
        pdfAt: sentAt + DAYS(1),
      }),
    }),
  },
  {
    slot: "crm parked",
    make: altered(
      ["parked:crm/schedule_exhausted", "parked:crm/rejected"],
      0,
      destination("crm", (from, now) => ({
        parked: (["schedule_exhausted", "rejected"] as const).map((reason) => ({
          reason,
          count: 4,
          oldest: from,
          newest: now,
        })),
      })),
    ),
  },
  {
    slot: "archive",
    make: altered(
      ["breaker_open:archive"],
      HOUR_MS,
      destination("archive", (from) => ({ breaker: { since: from, failures: 10 }, open: 9, oldest: from })),
    ),
  },
  {
    slot: "crm",
    make: altered(
      ["paused:crm"],
      HOUR_MS,
      destination("crm", (from) => ({ paused: { at: from, reason: "moving" }, open: 9, oldest: from })),
    ),
  },
  {
    slot: "crm",
    make: altered(
      ["waiting:crm"],
      HOUR_MS,
      destination("crm", (from) => ({ open: 1, oldest: from, breaker: null, paused: null })),
    ),
  },
  {
    slot: "archive type",
    make: altered(
      ["event_type_refused:archive/document.expired"],
      HOUR_MS,
      destination("archive", (from, now) => ({
        neverTaken: [{ type: "document.expired", attempts: 6, since: from, newest: now }],
      })),
    ),
  },
  {
    slot: "unread",
    make: altered(
      ["unreadable:lumin/account"],
      0,
      channel("lumin", (from, now) => ({ problems: { count: 3, oldest: from, newest: now } })),
    ),
  },
  {
    slot: "half-changed",
    make: altered(
      ["rotation_unfinished:yousign/webhook"],
      DAY_MS,
      channel("yousign", (from, now) => ({ olderSecret: { since: from, newest: now } })),
    ),
  },
  {
    slot: "words",
    make: altered(["unknown_word:docusign"], 0, ({ now }, from) => ({
      unknownWords: [
        { source: "docusign", word: "envelope-archived", object: null, count: 2, first: from, newest: now },
      ],
    })),
  },
  {
    slot: "clock",
    make: altered(["clock_jumped"], 0, ({ now }) => ({ clockJumps: [{ at: now, by: -90_000 }] })),
  },
  {
    slot: "disk",
    make: altered(["disk_low"], 0, ({ now }) => ({
      disk: { at: now, freeBytes: 1_024 ** 3 - 1, bytesPerDay: 1_024 ** 3 },
    })),
  },
];
