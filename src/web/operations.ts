import type { Concern } from "../concern/concern.ts";
import type { Acknowledgement } from "../concern/episodes.ts";
import type { Conversation } from "../domain/conversation.ts";
import type { Delivery } from "../domain/delivery.ts";
import { CountersignError } from "../domain/errors.ts";
import type { Reprocessed, ReprocessedOne, ReprocessRequest } from "../inbound/reprocess.ts";
import type { AcknowledgeFilter, DestinationState, Pause, ReplayFilter } from "../store/port/control.ts";
import type { PageRequest } from "../store/port/paging.ts";
import type { Store } from "../store/store.ts";

/**
 * What operators change in the running bridge, over the admin API and in the console. Each change has a
 * reason, which the audit keeps with time and caller.
 */

export interface OperationParts {
  store: Store;
  /** The names of the configured destinations. */
  destinations(): readonly string[];
  control: Control;
  /** The state of each configured destination. */
  states(): readonly DestinationState[];
  /** Processes stored requests again, a page at a time. */
  reprocess(wish: ReprocessRequest, page: PageRequest): Promise<Reprocessed>;
  /**
   * Processes one stored request again. Null: it is gone, its channel is, or its body is not stored whole.
   */
  reprocessOne(id: string, wish: Pick<ReprocessRequest, "dryRun">): Promise<ReprocessedOne | null>;
  /** What needs a person, by harm. */
  concerns(): Promise<readonly Concern[]>;
  /** False: others changed the concern in between, again and again. */
  acknowledgeConcern(concern: Concern, acknowledgement: Acknowledgement): Promise<boolean>;
  /** Sends a test to an alert; returns the id of its delivery. Null: there is no such alert. */
  testAlert(name: string): Promise<string | null>;
  /** Sends a test to a configured destination at once. Nothing is recorded. */
  testDestination(name: string): Promise<Conversation>;
  /** Milliseconds since 1970. */
  now(): number;
}

/** The running bridge, as operators change it. */
export interface Control {
  /** Stops sending to the destination, also after a restart. Attempts in flight end. */
  pause(destination: string, reason: string): Promise<void>;
  resume(destination: string): Promise<void>;
  /** Deliveries to it may be due. */
  wake(destination: string): void;
  /** An operator skipped this delivery, so the next of its lane is due. */
  skipped(delivery: Delivery): void;
  /** Loads the configuration from its file again, all or nothing. */
  reload(): Promise<void>;
}

/** Who changes something, and why. */
export interface Mandate {
  /** As the audit names them. */
  caller: string;
  reason: string;
}

export interface ReplayRequest extends ReplayFilter {
  /** Per second; absent: at once. */
  rate?: number | undefined;
  /** `next` of the page before; absent: the first. */
  cursor?: string | undefined;
  /** The most deliveries of one page. */
  limit: number;
}

export interface AcknowledgeRequest extends AcknowledgeFilter {
  /** `next` of the page before; absent: the first. */
  cursor?: string | undefined;
  /** The most deliveries of one page. */
  limit: number;
}

/** Where the next page begins, and when its first delivery is due: a rate holds over all pages. */
export const REPLAY_CURSOR = /^([0-9a-z]+)\.([0-9a-z]+)$/;

export type Operations = ReturnType<typeof createOperations>;

/** Every operation rejects with a CountersignError that says what is wrong: `not_found`, `conflict` … */
export function createOperations(parts: OperationParts) {
  const { store, control, now } = parts;

  async function audit(
    action: string,
    { caller, reason }: Mandate,
    details: Readonly<Record<string, string | number | null>>,
  ): Promise<void> {
    await store.addAudit({ at: now(), action, caller, reason, details });
  }

  async function change(action: "pause" | "resume", destination: string, mandate: Mandate) {
    const name = known(destination, parts);
    if (action === "pause") await control.pause(name, mandate.reason);
    else await control.resume(name);
    await audit(action, mandate, { destination: name });
    const paused: Pause | null = parts.states().find((one) => one.name === name)?.paused ?? null;
    return { name, paused };
  }

  return {
    /** Keeps in the audit what is no change of the bridge: that somebody saw something, for example. */
    audit,
    pause: (destination: string, mandate: Mandate) => change("pause", destination, mandate),
    resume: (destination: string, mandate: Mandate) => change("resume", destination, mandate),

    async reload(mandate: Mandate): Promise<void> {
      await control.reload();
      await audit("reload", mandate, {});
    },

    /** Parks a delivery, so that the later ones of its document are sent. */
    async skip(id: string, mandate: Mandate): Promise<Pick<Delivery, "id" | "destination" | "event">> {
      const outcome = await store.skip(id, now());
      const delivery = outcome && (await store.findDelivery(id));
      if (!delivery) throw new CountersignError("not_found", `there is no delivery ${id}`);
      if (outcome === "leased")
        throw new CountersignError("conflict", `${id} has an attempt in flight: skip it once that is over`);
      if (outcome === "final")
        throw new CountersignError(
          "conflict",
          `${id} is ${delivery.status} already: there is nothing to skip`,
        );
      control.skipped(delivery);
      const { destination, event } = delivery;
      await audit("skip", mandate, { delivery: id, event, destination });
      return { id, destination, event };
    },

    /** How many deliveries `replay` would send again in all. */
    async countReplay(filter: ReplayFilter): Promise<number> {
      known(filter.destination, parts);
      return store.countReplay(filter);
    },

    /** Makes one page of final deliveries due again. The caller passes `next` on until it is null. */
    async replay(
      { rate, cursor, limit, ...filter }: ReplayRequest,
      mandate: Mandate,
    ): Promise<{ replayed: number; next: string | null }> {
      const at = now();
      known(filter.destination, parts);
      if (cursor === undefined) {
        const count = await store.countReplay(filter);
        await audit("replay", mandate, { status: filter.status, ...chosenBy(filter), count });
      }
      const [, position, startAt] = REPLAY_CURSOR.exec(cursor ?? "") ?? [];
      const from = startAt === undefined ? at : Number.parseInt(startAt, 36);
      const spacing = rate === undefined ? 0 : 1_000 / rate;
      // A reload may have removed the destination meanwhile: its deliveries would wait for ever.
      known(filter.destination, parts);
      const due = { now: from, spacing };
      const { replayed, next } = await store.replay(filter, { cursor: position, limit }, due);
      control.wake(filter.destination);
      return { replayed, next: next && `${next}.${Math.round(from + replayed * spacing).toString(36)}` };
    },

    /** How many parked deliveries `acknowledge` would take from the list in all. */
    countAcknowledge: (filter: AcknowledgeFilter) => store.countAcknowledge(filter),

    /**
     * Acknowledges one page of parked deliveries, also of a destination that is not configured any more. The
     * caller passes `next` on until it is null.
     */
    async acknowledge(
      { cursor, limit, ...filter }: AcknowledgeRequest,
      mandate: Mandate,
    ): Promise<{ acknowledged: number; next: string | null }> {
      if (cursor === undefined) {
        const count = await store.countAcknowledge(filter);
        await audit("acknowledge", mandate, { ...chosenBy(filter), count });
      }
      return store.acknowledge(filter, { cursor, limit }, now());
    },

    /** Acknowledges one parked delivery. */
    async acknowledgeOne(
      id: string,
      mandate: Mandate,
    ): Promise<Pick<Delivery, "id" | "destination" | "event">> {
      const outcome = await store.acknowledgeOne(id, now());
      const delivery = outcome && (await store.findDelivery(id));
      if (!delivery) throw new CountersignError("not_found", `there is no delivery ${id}`);
      if (outcome === "open")
        throw new CountersignError(
          "conflict",
          `${id} is ${delivery.status}: only a parked delivery is acknowledged`,
        );
      if (outcome === "done") throw new CountersignError("conflict", `${id} is acknowledged already`);
      const { destination, event } = delivery;
      await audit("acknowledge", mandate, { delivery: id, event, destination });
      return { id, destination, event };
    },

    /** Somebody knows of a concern, and takes care of it until then: milliseconds since 1970. */
    async acknowledgeConcern(
      { id, until }: { id: string; until: number },
      mandate: Mandate,
    ): Promise<Acknowledgement> {
      const concerns = await parts.concerns();
      const concern = concerns.find((one) => one.id === id);
      if (!concern) {
        const there = concerns.map((one) => one.id).join(", ") || "none";
        throw new CountersignError(
          "not_found",
          `there is no concern ${id} at this moment: there are ${there}`,
        );
      }
      const acknowledgement = { at: now(), until, ...mandate };
      if (!(await parts.acknowledgeConcern(concern, acknowledgement)))
        throw new CountersignError("conflict", `${id} is changing at this moment: try again`);
      await audit("acknowledge", mandate, { concern: id, until: new Date(until).toISOString() });
      return acknowledgement;
    },

    /** Sends a test to an alert, as its alerts go; returns the id of its delivery. */
    async testAlert(name: string, mandate: Mandate): Promise<string> {
      const delivery = await parts.testAlert(name);
      if (delivery === null) throw new CountersignError("not_found", `there is no alert ${name}`);
      await audit("test-alert", mandate, { alert: name });
      return delivery;
    },

    /** Sends a signed test event to a destination at once, not by the queue, and tells all that was said. */
    async testDestination(destination: string, mandate: Mandate): Promise<Conversation> {
      const conversation = await parts.testDestination(known(destination, parts));
      const { event, cause, response } = conversation;
      await audit("test-event", mandate, { destination, event, cause, status: response?.status ?? null });
      return conversation;
    },

    /** Processes one page of stored requests again. The caller passes `next` on until it is null. */
    async reprocess(wish: ReprocessRequest, page: PageRequest, mandate: Mandate): Promise<Reprocessed> {
      if (!wish.dryRun && page.cursor === undefined) {
        const { which, source = null, since = null } = wish;
        await audit("reprocess", mandate, { which, source, since });
      }
      return parts.reprocess(wish, page);
    },

    /** What processing a stored request again would come to. It changes nothing. */
    tryReprocess: (id: string): Promise<ReprocessedOne> => reprocessOne(id, true, parts),

    /** Processes one stored request again, by the id of its receipt or rejection. */
    async reprocessOne(id: string, mandate: Mandate): Promise<ReprocessedOne> {
      await reprocessOne(id, true, parts);
      await audit("reprocess", mandate, { request: id });
      return reprocessOne(id, false, parts);
    },
  };
}

async function reprocessOne(
  id: string,
  dryRun: boolean,
  { store, reprocessOne: run }: OperationParts,
): Promise<ReprocessedOne> {
  const result = await run(id, { dryRun });
  if (result) return result;
  if (!(await store.findReceipt(id)) && !(await store.findRejection(id)))
    throw new CountersignError("not_found", `there is no stored request ${id}`);
  throw new CountersignError(
    "conflict",
    `${id} cannot be processed again: its channel is no longer configured, or its body is not stored whole`,
  );
}

/** What a filter chooses, for the audit. */
function chosenBy({ destination, since, type, document, reason, cause }: AcknowledgeFilter) {
  const given = { parked: reason, cause };
  const more = Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
  const usual = { destination, since: since ?? null, type: type ?? null, document: document ?? null };
  return { ...usual, ...(Object.fromEntries(more) as Record<string, string>) };
}

function known(name: string, parts: OperationParts): string {
  const destinations = parts.destinations();
  if (destinations.includes(name)) return name;
  throw new CountersignError(
    "not_found",
    `there is no destination ${name}: there are ${destinations.join(", ") || "none"}`,
  );
}
