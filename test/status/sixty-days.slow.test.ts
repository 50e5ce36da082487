import { expect } from "chai";
import { DAY_MS, HOUR_MS } from "../../src/concern/words.ts";
import { createChance } from "../../src/simulate/chance.ts";
import type { Store } from "../../src/store/store.ts";
import { inStore, KINDS, needPostgres, STORES } from "../cli/stores.ts";
import {
  type MakeTrouble,
  outage,
  overdueBatch,
  refused,
  silentMachines,
  silentPeople,
} from "../concern/channel-troubles.ts";
import { aLifeOf, type Life, livesOf, NEVER } from "../concern/lives.ts";
import { arrivalsOf, CHANNELS, SOURCES, type Trouble } from "../concern/site.ts";
import { tidy } from "../support/bridge.ts";
import { createManualClock } from "../support/clock.ts";
import { createStoredSite } from "./stored-site.ts";

/**
 * Sixty days over a real store: posts, documents, deliveries and what the bridge notes of itself are rows,
 * and the situation is gathered from them. test/concern/sixty-days.slow.test.ts has the same without a store,
 * at many more sites.
 */

const FROM = Date.UTC(2026, 1, 2);
const DAYS = 60;
const STEP_MS = 12 * HOUR_MS;
const day = (n: number) => FROM + n * DAY_MS;

type Site = ReturnType<typeof createStoredSite>;

interface Injected extends Trouble {
  begin?(site: Site): Promise<unknown>;
  end?(site: Site): Promise<unknown>;
}

/** Begins at noon of a day, and is over after so many hours. */
function injected(
  ids: readonly string[],
  { from, after = 0, hours = 30 }: { from: number; after?: number; hours?: number },
  ways: Pick<Injected, "begin" | "end">,
): Injected {
  const begin = day(from) + 12 * HOUR_MS;
  const until = begin + after + hours * HOUR_MS;
  return { ids, from: begin, namedBy: begin + after, until, overBy: until, ...ways };
}

const parkedFor = { status: "parked", reason: "schedule_exhausted" } as const;
const DELIVERED = { status: "delivered" } as const;

/** Three documents that are never put right. */
function stuck(kind: string, from: number, after: number, life: (sentAt: number) => Partial<Life>): Injected {
  const sentAt = day(from);
  const ids = [0, 1, 2].map((n) => `${kind}-${n}`);
  const lives = ids.map((id) => aLifeOf({ source: "legalesign", id, sentAt, ...life(sentAt) }));
  const namedBy = sentAt + after + HOUR_MS;
  const until = day(DAYS);
  return {
    ids: [`${kind}:legalesign`],
    from: sentAt + after - HOUR_MS,
    namedBy,
    until,
    overBy: NEVER,
    lives,
  };
}

function troublesOf(store: Store, clock: { now(): number; set(to: number): void }): Injected[] {
  const chance = createChance("troubles of a stored site");
  const made = (make: MakeTrouble, from: number): Injected => make(day(from), chance);
  let repair: (() => Promise<unknown>) | null = null;
  return [
    made(silentPeople, 17),
    made(silentMachines, 20),
    made(refused, 22),
    made(overdueBatch, 36),
    made(outage, 44),
    stuck("document_stuck", 20, 14 * DAY_MS, () => ({})),
    stuck("document_expired", 21, 7 * DAY_MS, (at) => ({ expiresAt: at + 5 * DAY_MS })),
    stuck("document_not_completed", 22, 3 * DAY_MS, (at) => ({ signedAt: [at + HOUR_MS, at + DAY_MS] })),
    stuck("final_pdf_missing", 40, 3 * DAY_MS, (at) => ({
      signedAt: [at + DAY_MS],
      completedAt: at + DAY_MS,
      pdfAt: NEVER,
    })),
    stuck("signature_missing", 42, 3 * DAY_MS, (at) => ({
      signedAt: [at + HOUR_MS, NEVER],
      completedAt: at + DAY_MS,
      pdfAt: at + DAY_MS,
    })),
    injected(
      ["parked:crm/schedule_exhausted"],
      { from: 18 },
      {
        async begin(site) {
          for (let n = 0; n < 4; n += 1) await site.send("document.declined", "lumin", "crm");
          await site.attempt("crm", parkedFor);
        },
        async end(site) {
          const due = { now: clock.now(), spacing: 0 };
          await store.replay({ destination: "crm", status: "parked" }, { limit: 100 }, due);
          await site.attempt("crm", DELIVERED);
        },
      },
    ),
    injected(
      ["parked:crm/rejected"],
      { from: 21 },
      {
        async begin(site) {
          await site.send("document.declined", "lumin", "crm");
          await site.attempt("crm", { status: "parked", reason: "rejected" });
        },
        end: () => store.acknowledge({ destination: "crm" }, { limit: 100 }, clock.now()),
      },
    ),
    injected(
      ["waiting:crm"],
      { from: 24, after: 2 * HOUR_MS },
      {
        begin: (site) => site.send("document.declined", "lumin", "crm"),
        end: (site) => site.attempt("crm", DELIVERED),
      },
    ),
    injected(
      ["breaker_open:archive"],
      { from: 25, after: 2 * HOUR_MS },
      {
        async begin({ states }) {
          const breaker = { failures: 10, probes: 3, probeAt: clock.now(), openedAt: clock.now() };
          states.set("archive", { name: "archive", paused: null, breaker });
        },
        end: async ({ states }) => states.clear(),
      },
    ),
    injected(
      ["paused:crm"],
      { from: 27, after: 2 * HOUR_MS },
      {
        begin: async ({ states }) =>
          states.set("crm", { name: "crm", breaker: null, paused: { at: clock.now(), reason: "moving" } }),
        end: async ({ states }) => states.clear(),
      },
    ),
    injected(
      ["event_type_refused:archive/document.expired"],
      { from: 30, after: 2 * HOUR_MS },
      {
        async begin(site) {
          for (let n = 0; n < 6; n += 1) await site.send("document.expired", "lumin", "archive");
          await site.attempt("archive", { status: "pending", dueAt: clock.now() + HOUR_MS });
          await site.send("document.declined", "lumin", "archive");
          await site.attempt("archive", DELIVERED);
        },
        end: (site) => site.attempt("archive", DELIVERED),
      },
    ),
    injected(
      ["unreadable:lumin/account"],
      { from: 32 },
      {
        begin: async (site) => (repair = await site.unreadable("lumin", "account")),
        end: async () => repair?.(),
      },
    ),
    injected(
      ["rotation_unfinished:yousign/webhook"],
      { from: 33, after: DAY_MS },
      {
        begin: async ({ secrets }) => secrets.matched({ source: "yousign", name: "webhook" }, true),
        end: async ({ secrets }) => secrets.matched({ source: "yousign", name: "webhook" }, false),
      },
    ),
    {
      ...injected(
        ["unknown_word:docusign"],
        { from: 20, hours: 29 * 24 },
        { begin: (site) => site.say("docusign", "envelope-archived") },
      ),
      overBy: day(51),
    },
    injected(
      ["clock_jumped"],
      { from: 38, hours: 22 },
      {
        async begin(site) {
          clock.set(clock.now() - 90_000);
          await site.beat();
        },
      },
    ),
    injected(
      ["disk_low"],
      { from: 40 },
      {
        begin: async ({ disk }) => Object.assign(disk, { freeBytes: 50 * 1_024 ** 2 }),
        end: async ({ disk }) => Object.assign(disk, { freeBytes: 50 * 1_024 ** 3 }),
      },
    ),
  ];
}

/** Those of machines are thinned: they would be most of all rows. */
function postsOf(troubles: readonly Injected[], seed: string) {
  const span = { from: FROM, until: day(DAYS) };
  return arrivalsOf(span, createChance(seed)).map((arrivals, index) => {
    const { source, name } = CHANNELS[index] ?? CHANNELS[0];
    const some = source === "docusign" ? arrivals.filter((_, n) => n % 3 === 0) : arrivals;
    return troubles.reduce((all, { divert }) => divert?.(`${source}/${name}`, all) ?? all, some);
  });
}

async function observe(store: Store, makeTroubles: typeof troublesOf): Promise<string[]> {
  const clock = createManualClock(FROM);
  const site = createStoredSite(store, clock);
  const troubles = makeTroubles(store, clock);
  const posts = postsOf(troubles, "a stored site");
  // Each source tells of expiries often enough to be asked about them.
  const expired = [0, 1, 2].map((n) =>
    aLifeOf({
      source: "legalesign",
      id: `expired-${n}`,
      sentAt: day(n),
      expiresAt: day(n + 5),
      expiryToldAt: day(n + 5) + HOUR_MS,
    }),
  );
  const span = { from: FROM, until: day(DAYS) };
  const ordinary = livesOf(span, SOURCES, createChance("documents of a stored site"));
  const lives = [...ordinary, ...expired, ...troubles.flatMap((one) => one.lives ?? [])];
  const steps = Array.from({ length: (DAYS * DAY_MS) / STEP_MS }, (_, n) => FROM + (n + 1) * STEP_MS);
  const moments = troubles.flatMap(({ from, namedBy, until }) => [from, namedBy, until]);
  const times = [...new Set([...steps, ...moments])]
    .sort((one, other) => one - other)
    .filter((at) => at <= day(DAYS));
  const faults: string[] = [];
  let last = FROM - 1;
  for (const now of times) {
    const isStopped = troubles.some(({ stop }) => stop && now > stop.from && now < stop.until);
    await clock.advance(Math.max(0, now - clock.now()));
    if (troubles.some(({ stop }) => stop?.until === now)) site.restart();
    if (!isStopped) await site.beat();
    for (const [index, arrivals] of posts.entries())
      await site.arrive(
        index,
        arrivals.filter(({ at }) => at > last && at <= now),
      );
    for (const life of lives) await site.live(life, last, now);
    for (const trouble of troubles) {
      if (trouble.until === now) await trouble.end?.(site);
      if (trouble.from === now) await trouble.begin?.(site);
    }
    last = now;
    if (!isStopped) faults.push(...faultsOf(now, await site.named(), troubles));
  }
  return faults;
}

/** What is named and should not be, or should be and is not. */
function faultsOf(now: number, ids: readonly string[], troubles: readonly Trouble[]): string[] {
  const when = new Date(now).toISOString();
  const allowed = new Set(
    troubles.filter((one) => now >= one.from && now <= one.overBy).flatMap((one) => one.ids),
  );
  const due = troubles.filter((one) => now > one.namedBy && now < one.until).flatMap((one) => one.ids);
  return [
    ...ids.filter((id) => !allowed.has(id)).map((id) => `${when}: ${id} is named`),
    ...due.filter((id) => !ids.includes(id)).map((id) => `${when}: ${id} is not named`),
  ];
}

for (const kind of KINDS)
  describe(`over 60 days in a real store (${kind})`, function () {
    this.timeout(600_000);
    if (kind === "postgres") before(needPostgres);
    after(tidy);

    it("exactly the injected troubles are named, each in time and until its end", async () => {
      await inStore(await STORES[kind](), async (store) => {
        expect(await observe(store, troublesOf)).to.deep.equal([]);
      });
    });
  });
