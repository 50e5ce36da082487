import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import { CHECK_ORDER, createRowRules } from "../../src/check/rules.ts";
import type { Draft } from "../../src/domain/draft.ts";
import type { Receipt } from "../../src/domain/receipt.ts";
import { hourOf } from "../../src/domain/tally.ts";
import { openLowdbStore } from "../../src/store/lowdb.ts";
import type { Lease } from "../../src/store/port/queue.ts";
import type { Backlog } from "../../src/store/port/reads.ts";
import { openPostgresStore } from "../../src/store/postgres.ts";
import type { Rows, Table } from "../../src/store/rows.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import type { Store } from "../../src/store/store.ts";
import { needPostgres } from "../cli/stores.ts";
import { aDocument, aDraft, aReceipt, aRecordRequest, aSigner, CRM, NEW_YEAR } from "../support/builders.ts";
import { postgresServer } from "../support/postgres-server.ts";
import { anAttempt, type Contents, contentsOf, restoreAll } from "./filled.ts";

/**
 * Runs the same random steps on two stores: both return the same, and end with the same, consistent rows.
 * lowdb works on SQLite in memory, so the stores that are written independently are SQLite and PostgreSQL.
 * With lowdb the steps test that its file holds every change when it is opened again.
 */

const folder = mkdtempSync(join(tmpdir(), "countersign-"));
after(() => rmSync(folder, { recursive: true, force: true }));
let number = 0;
const token = () => `token-${number++}`;

/** The first call opens a new store, and every later call the same again. */
const OPEN = {
  SQLite: async () => {
    const file = join(folder, `${number++}.db`);
    return async (): Promise<Store> => openSqliteStore({ file, token, busyTimeout: 0 });
  },
  lowdb: async () => {
    const file = join(folder, `${number++}.json`);
    return (): Promise<Store> => openLowdbStore({ file, token, warn() {} });
  },
  PostgreSQL: async () => {
    const url = await (await postgresServer()).newSchema();
    return (): Promise<Store> => openPostgresStore({ url, token });
  },
};
type Kind = keyof typeof OPEN;

const CHANNELS = ["batch", "realtime", "upon"] as const;
const TYPES = ["signer.viewed", "signer.viewed", "signer.signed", "document.completed", "unknown"] as const;
const SUBSCRIBERS = [CRM, { ...CRM, name: "erp", ordering: "none" as const }, { ...CRM, name: "log" }];
const WINDOWS = [60_000, 60_000, 10_000, 0];
const SECOND = 1_000;
/** Shortly before an hour ends. */
const BEGIN = NEW_YEAR - 20 * SECOND;

/** An operation, and three numbers that select its object and its parameters. */
const anySteps = fc.array(
  fc.record({
    what: fc.constantFrom(
      "record",
      "record",
      "batch",
      "again",
      "claim",
      "settle",
      "release",
      "skip",
      "replay",
      "park",
      "prune",
      "move",
      "restart",
    ),
    a: fc.nat(30),
    b: fc.nat(30),
    c: fc.nat(30),
  }),
  { minLength: 10, maxLength: 60 },
);
type Step =
  typeof anySteps extends fc.Arbitrary<infer T> ? (T extends readonly (infer S)[] ? S : never) : never;

const pick = <T>(from: readonly T[], n: number): T => from[n % from.length] as T;

/** A report about one of few signers and documents, at a time near others or at none. */
function draftOf(at: number, channel: string, { a, c }: Step): Draft {
  const type = pick(TYPES, a + c);
  const signer = type.startsWith("document") ? null : aSigner(`signer-${c % 3}`);
  const document = signer && a % 5 === 0 ? null : aDocument(`doc-${c % 2}`);
  const time = at % 7 === 6 ? null : NEW_YEAR + at * 13 * SECOND;
  return aDraft({ type, channel, document, signer, time, digest: `digest-${at}` });
}

interface Result {
  answers: unknown[];
  contents: Contents;
}

/** Without positions and tokens, which are each store's own. */
const comparable = (result: Result): unknown =>
  JSON.parse(
    JSON.stringify(result, (name, value) =>
      name === "position" ? undefined : name === "token" ? value !== null : value,
    ),
  );

/**
 * Runs the steps on a store of one kind, which some steps move into one of the other kind. `receipts`
 * are given, so that both runs record the same.
 */
async function run(
  steps: readonly Step[],
  receipts: readonly Receipt[],
  kind: Kind,
  other: Kind,
): Promise<Result> {
  let open = await OPEN[kind]();
  let store = await open();
  let now = BEGIN;
  let leases: Lease[] = [];
  const answers: unknown[] = [];
  const seen = createSeen();
  const recorded: { receipt: Receipt; drafts: readonly Draft[] }[] = [];

  const record = async (step: Step, count: number) => {
    const { a, b, c } = step;
    const channel = pick(CHANNELS, b);
    const drafts = Array.from({ length: count }, (_, i) => draftOf(a + i * (c % 3), channel, step));
    const receipt = { ...(receipts[recorded.length] as Receipt), channel, receivedAt: now };
    recorded.push({ receipt, drafts });
    const rules = { receipt, subscribers: SUBSCRIBERS.slice(0, 1 + (c % 3)), coalesce: pick(WINDOWS, a) };
    return store.record(aRecordRequest(drafts, rules));
  };
  const settle = ({ a, b, c }: Step) => {
    const [lease] = leases.splice(a % leases.length, 1) as [Lease];
    const outcome = pick(
      [
        { status: "delivered" },
        { status: "parked", reason: "gone" },
        { status: "pending", dueAt: now + 3 * SECOND },
      ] as const,
      b,
    );
    const attempt = anAttempt({ number: lease.delivery.attempts + 1, startedAt: now, duration: c * 20 });
    const isUnsent = outcome.status === "parked" && c % 2 === 0;
    return store.settle({
      token: lease.token,
      attempt: isUnsent ? null : attempt,
      outcome,
      at: now,
    });
  };
  const move = async () => {
    open = await OPEN[other]();
    const next = await open();
    await restoreAll(next, await contentsOf(store));
    await store.close();
    store = next;
    leases = [];
  };

  const restart = async () => {
    await store.close();
    store = await open();
  };

  for (const step of steps) {
    const { what, a, b, c } = step;
    const destination = pick(SUBSCRIBERS, a).name;
    now += SECOND;
    if (what === "record") answers.push(await record(step, 1));
    else if (what === "batch") answers.push(await record(step, 4));
    else if (what === "again" && recorded.length > 0) {
      const { receipt, drafts } = pick(recorded, a);
      const more = [...drafts, draftOf(b, receipt.channel, step)];
      answers.push(
        await store.amend(aRecordRequest(more, { receipt, subscribers: SUBSCRIBERS, coalesce: 60_000 })),
      );
    } else if (what === "claim") {
      const leased = await store.claim({ destination, limit: 1 + (b % 3), now, until: now + 5 * SECOND });
      leases.push(...leased);
      answers.push(leased.map(({ delivery }) => delivery));
    } else if (what === "settle" && leases.length > 0) answers.push(await settle(step));
    else if (what === "release") await store.release(leases.splice(0, 1 + (a % 2)), now);
    else if (what === "skip") {
      const { items } = await store.findDeliveries({}, { limit: 100 });
      if (items.length > 0) answers.push(await store.skip(pick(items, a).id, now));
    } else if (what === "replay") {
      const filter = { destination, status: pick(["all", "parked", "delivered"] as const, b) };
      const { replayed } = await store.replay(filter, { limit: 1_000 }, { now, spacing: c % 2 ? 500 : 0 });
      answers.push(replayed);
    } else if (what === "park" && a % 4 === 0) answers.push(await store.parkRemoved(["crm", "erp"], now));
    else if (what === "prune") {
      const table = pick(["events", "receipts", "attempts"] as const, a);
      seen.add(await contentsOf(store, 100));
      answers.push((await store.prune({ table, before: now - b * SECOND, limit: 1_000 })).pruned);
    } else if (what === "move" && a % 4 === 0) await move();
    else if (what === "restart" && a % 4 === 0) await restart();
  }
  const contents = await contentsOf(store, 100);
  expect(sorted(await store.backlog()), "the backlog").to.deep.equal(sorted(backlogOf(contents)));
  seen.add(contents);
  expect(talliesOf(contents), "the tallies").to.deep.equal(seen.counts());
  await store.close();
  return { answers, contents };
}

/** The receipts and attempts that were there at some moment, pruned ones among them. */
function createSeen() {
  const receipts = new Map<string, string>();
  const attempts = new Map<string, string>();
  return {
    add(contents: Contents) {
      for (const { receipt } of contents.receipts)
        receipts.set(receipt.id, nameOf(receipt.receivedAt, `${receipt.source}/${receipt.channel}`));
      for (const { delivery, history } of contents.deliveries)
        for (const { number, startedAt, duration } of history)
          attempts.set(`${delivery.id} ${number}`, nameOf(startedAt + duration, delivery.destination));
    },
    /** Their number in each hour, by channel and by destination. */
    counts: () => sumOf([...receipts.values(), ...attempts.values()].map((name) => ({ name, count: 1 }))),
  };
}

const nameOf = (at: number, of: string) => `${of} at ${hourOf(at)}`;

function sumOf(counts: readonly { name: string; count: number }[]): Readonly<Record<string, number>> {
  const sums: Record<string, number> = {};
  for (const { name, count } of counts) sums[name] = (sums[name] ?? 0) + count;
  return sums;
}

/** The same as it is kept. What was parked without an attempt is no row. */
function talliesOf({ tallies }: Contents): Readonly<Record<string, number>> {
  const isRow = ({ source, bucket }: Rows["tallies"]) => source !== "" || bucket > 0;
  return sumOf(
    tallies.filter(isRow).map(({ hour, source, channel, destination, count }) => {
      return { name: nameOf(hour, destination || `${source}/${channel}`), count };
    }),
  );
}

/** The backlog, counted from the rows themselves. */
function backlogOf({ deliveries }: Contents): Backlog[] {
  const open = deliveries.filter(({ delivery }) => delivery.dueAt !== null);
  const byDestination = Map.groupBy(open, ({ delivery }) => delivery.destination);
  return [...byDestination].map(([destination, rows]) => {
    return { destination, open: rows.length, oldest: rows[0]?.recordedAt ?? 0 };
  });
}

function sorted(backlog: readonly Backlog[]): Backlog[] {
  return backlog.toSorted((a, b) => (a.destination < b.destination ? -1 : 1));
}

/** Violated rules of consistency. With no event pruned, each document's sequences have no gap either. */
function faultsIn(contents: Contents): string[] {
  const rules = createRowRules({ now: NEW_YEAR, documents: Infinity, duplicates: Infinity });
  const look = <T extends Table>(table: T) =>
    contents[table].flatMap((row) => rules.check[table]?.(row) ?? []);
  const faults = [...CHECK_ORDER.flatMap((table) => look(table)), ...rules.end()];
  if (contents.tombstones.length > 0) return faults;
  const events = contents.events.flatMap(({ event }) => (event.document ? [event] : []));
  for (const [id, all] of Map.groupBy(events, ({ document }) => document?.id)) {
    const numbers = all.map(({ sequence }) => sequence ?? 0).sort((x, y) => x - y);
    if (numbers.some((one, i) => one !== i + 1)) faults.push(`${id} has the sequences ${numbers.join(", ")}`);
  }
  return faults;
}

function agree(one: Kind, other: Kind, numRuns: number): Promise<void> {
  return fc.assert(
    fc.asyncProperty(anySteps, async (steps) => {
      const receipts = steps.map(() => aReceipt());
      const first = await run(steps, receipts, one, other);
      const second = await run(steps, receipts, other, one);
      expect(faultsIn(first.contents)).to.deep.equal([]);
      expect(comparable(second)).to.deep.equal(comparable(first));
    }),
    // On a slow disk there are fewer runs, and a counterexample may not be minimal.
    { numRuns, interruptAfterTimeLimit: 20_000 },
  );
}

describe("stores of two kinds that run the same random steps", () => {
  it("return the same and end with the same, consistent rows: SQLite and lowdb", async function () {
    this.timeout(60_000);
    await agree("SQLite", "lowdb", 50);
  });

  describe("with a server", () => {
    before(needPostgres);

    it("return the same and end with the same, consistent rows: SQLite and PostgreSQL", async function () {
      this.timeout(120_000);
      await agree("SQLite", "PostgreSQL", 12);
    });
  });
});
