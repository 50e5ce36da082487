import type { Delivery } from "../../src/domain/delivery.ts";
import { deliveryId } from "../../src/domain/identity.ts";
import type { ClaimRequest, Settlement } from "../../src/store/port/queue.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import type { Store } from "../../src/store/store.ts";
import { NEW_YEAR } from "../support/builders.ts";
import { anEvent } from "./fixtures.ts";

type Method = "bringForward" | "claim" | "settle" | "release" | "nextDueAt" | "saveDestination";

interface Added {
  /** Default `crm`. */
  destination?: string;
  lane?: string | null;
  replayedAfter?: number | null;
  /** Milliseconds since 1970; default new year. */
  recordedAt?: number;
}

/**
 * The SQLite store in memory, as the dispatcher sees it: a test counts its calls, and has them fail or wait.
 */
export interface QueueStore extends Pick<Store, Method | "destinations" | "close"> {
  readonly calls: Record<Method, number>;
  /** This many of the next calls fail. */
  readonly failing: Record<Method, number>;
  /** The error of a failing call. */
  fault: () => Error;
  readonly claims: readonly ClaimRequest[];
  /** Settlements that were stored. */
  readonly settled: readonly Settlement[];
  /** For each call of `bringForward`, whether the clock was seen to go back. */
  readonly setBackSeen: readonly boolean[];
  /** Adds an event whose id ends with `name`, with a delivery; in a lane that has an open one it is held. */
  add(name: string, dueAt: number, given?: Added): Promise<Delivery>;
  /** All deliveries, in the order added. */
  deliveries(): Promise<readonly Delivery[]>;
  /** Claims are answered once the function returned is called. */
  holdClaims(): () => void;
  /** The same of `saveDestination`. */
  holdSaving(): () => void;
  /** Another worker claims all deliveries that are leased. */
  stealLeases(): Promise<void>;
}

export function createQueueStore(): QueueStore {
  let tokens = 0;
  let added = 0;
  let claiming: Promise<void> = Promise.resolve();
  let saving: Promise<void> = Promise.resolve();
  const store = openSqliteStore({ file: ":memory:", token: () => `token-${tokens++}` });
  const calls = zeros();
  const failing = zeros();
  const claims: ClaimRequest[] = [];
  const settled: Settlement[] = [];
  const setBackSeen: boolean[] = [];

  function begin(method: Method): void {
    calls[method] += 1;
    if (failing[method] === 0) return;
    failing[method] -= 1;
    throw queue.fault();
  }

  async function deliveries(): Promise<readonly Delivery[]> {
    return (await store.findDeliveries({}, { limit: 1_000 })).items;
  }

  const isBusy = async (lane: string) =>
    (await deliveries()).some((one) => one.lane === lane && one.dueAt !== null);

  async function add(name: string, dueAt: number, given: Added = {}): Promise<Delivery> {
    const { destination = "crm", lane = null, replayedAfter = null, recordedAt = NEW_YEAR } = given;
    const event = anEvent({ id: `evt_${name.padStart(26, "0")}` });
    const busy = lane !== null && (await isBusy(lane));
    const delivery: Delivery = {
      id: deliveryId(event.id, destination),
      event: event.id,
      destination,
      lane,
      status: busy ? "held" : "pending",
      reason: null,
      attempts: replayedAfter ?? 0,
      dueAt,
      replayedAfter,
    };
    added += 1;
    const position = added;
    const nothing = { coalesceKey: null, dedupeKeys: [], channelKeys: [], duplicates: [] };
    await Promise.all([
      store.restore("events", [{ position, event, at: recordedAt, ...nothing }]),
      store.restore("deliveries", [{ position, delivery, token: null, recordedAt, history: [] }]),
    ]);
    return delivery;
  }

  const queue: QueueStore = {
    calls,
    failing,
    fault: () => new Error("the database is away"),
    claims,
    settled,
    setBackSeen,
    add,
    deliveries,
    destinations: store.destinations,
    close: store.close,
    async bringForward(request) {
      begin("bringForward");
      setBackSeen.push(request.seen ?? true);
      return store.bringForward(request);
    },
    async claim(request) {
      begin("claim");
      claims.push(request);
      const leases = await store.claim(request);
      await claiming;
      return leases;
    },
    async settle(settlement) {
      begin("settle");
      const stored = await store.settle(settlement);
      if (stored) settled.push(settlement);
      return stored;
    },
    async release(...given) {
      begin("release");
      await store.release(...given);
    },
    async nextDueAt(destination) {
      begin("nextDueAt");
      return store.nextDueAt(destination);
    },
    async saveDestination(...given) {
      begin("saveDestination");
      await store.saveDestination(...given);
      await saving;
    },
    holdClaims() {
      const { promise, resolve } = Promise.withResolvers<void>();
      claiming = promise;
      return resolve;
    },
    holdSaving() {
      const { promise, resolve } = Promise.withResolvers<void>();
      saving = promise;
      return resolve;
    },
    async stealLeases() {
      const now = NEW_YEAR + 86_400_000;
      await store.claim({ destination: "crm", limit: 1_000, now, until: now + 86_400_000 });
    },
  };
  return queue;
}

function zeros(): Record<Method, number> {
  return { bringForward: 0, claim: 0, settle: 0, release: 0, nextDueAt: 0, saveDestination: 0 };
}
