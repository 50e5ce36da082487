import { z } from "zod";
import type { Concern } from "../concern/concern.ts";
import {
  type Acknowledgement,
  advance,
  afterTelling,
  type Batch,
  batchesOf,
  type Episode,
  inBatches,
} from "../concern/episodes.ts";
import { type Clock, pause } from "../domain/clock.ts";
import type { ConcernChange } from "../domain/event.ts";
import type { Notes } from "../store/port/notes.ts";
import { type EpisodeNotes, readEpisodes } from "./episode-notes.ts";
import type { Alert } from "./tell.ts";

/** For the log. Must not throw. */
export interface WatchObserver {
  changed(change: ConcernChange, concern: Concern): void;
  /** A look was not possible; the next one is a minute later. */
  failed(error: unknown): void;
}

export interface WatcherParts {
  store: Notes;
  /** Names this node among all that share the store; null: no other node does. */
  node: string | null;
  /** What needs a person at this moment. */
  concerns(): Promise<readonly Concern[]>;
  /** The alerts of the configuration in force. */
  alerts(): readonly Alert[];
  tell(batch: Batch, alert: Alert): Promise<void>;
  /** Called twice a minute, before anything else. */
  beat(): Promise<void>;
  clock: Clock;
  observe: WatchObserver;
}

export interface Watcher {
  start(): void;
  /** Ends with a last beat. */
  stop(): Promise<void>;
  /** Looks now, and tells what changed. */
  look(): Promise<void>;
  /** The acknowledgements in force, by the id of the concern. */
  acknowledged(): Promise<ReadonlyMap<string, Acknowledgement>>;
  /** False: another change came in between, again and again. */
  acknowledge(concern: Concern, acknowledgement: Acknowledgement): Promise<boolean>;
}

/** Two beats make a minute, in which there is one look. */
const BEAT_MS = 30_000;
/** Of several nodes one looks; when it has not done so for this long, another does. */
const LEASE_MS = 150_000;
const MAX_TRIES = 5;

export function createWatcher(parts: WatcherParts): Watcher {
  const { store, clock, observe, beat } = parts;
  const stopping = new AbortController();
  let running: Promise<void> = Promise.resolve();
  /** One at a time: two looks would see the same changes. */
  let looking: Promise<void> = Promise.resolve();

  async function run(): Promise<void> {
    for (let beats = 0; !stopping.signal.aborted; beats += 1) {
      await safely(beat);
      if (beats % 2 === 1) await safely(look);
      if (!stopping.signal.aborted) await pause(clock, BEAT_MS, stopping.signal);
    }
    await safely(() => leave(parts));
    await safely(beat);
  }

  async function safely(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      observe.failed(error);
    }
  }

  function look(): Promise<void> {
    const mine = looking.then(() => lookOnce(parts));
    looking = mine.catch(() => {});
    return mine;
  }

  return {
    start() {
      running = run();
    },
    async stop() {
      stopping.abort();
      await Promise.all([running, looking]);
    },
    look,
    async acknowledged() {
      const { episodes } = await readEpisodes(store);
      const now = clock.now();
      return new Map(
        [...episodes].flatMap(([id, { acknowledged, isOver }]) =>
          !isOver && acknowledged && acknowledged.until > now ? [[id, acknowledged]] : [],
        ),
      );
    },
    async acknowledge(concern, acknowledged) {
      for (let tries = 0; tries < MAX_TRIES; tries += 1) {
        const notes = await readEpisodes(store);
        const episode = episodeOf(concern, notes, parts);
        if (await notes.save(new Map([[concern.id, { ...episode, acknowledged }]]))) return true;
      }
      return false;
    },
  };
}

/** That of the concern; one that no look has noticed yet begins now. */
function episodeOf(concern: Concern, { episodes }: EpisodeNotes, { alerts, clock }: WatcherParts): Episode {
  const there = episodes.get(concern.id);
  if (there && !there.isOver) return there;
  const own = new Map(there ? [[concern.id, there]] : []);
  const after = advance(own, [concern], alerts(), clock.now()).get(concern.id);
  if (!after) throw new Error(`the concern ${concern.id} does not begin`);
  return after;
}

/**
 * First the changes are saved, each with the batch in which it is told; then the batches are recorded; then
 * it is saved that they are. Whoever goes on after a crash records the same batches, which adds nothing to
 * those that are there.
 */
async function lookOnce(parts: WatcherParts): Promise<void> {
  const { store, clock, alerts, observe } = parts;
  const now = clock.now();
  if (!(await holdsLease(parts, now))) return;
  const concerns = await parts.concerns();
  const notes = await readEpisodes(store);
  const rules = alerts();
  const before = notes.episodes;
  const numbers = new Map([...before].map(([id, { changes }]) => [id, changes]));
  const advanced = inBatches(advance(before, concerns, rules, now), rules, now);
  const isChanged = ([id, { changes }]: [string, Episode]) => changes !== (numbers.get(id) ?? 0);
  const changed = [...advanced].filter(isChanged).map(([id, episode]) => ({ was: before.get(id), episode }));
  if (!(await notes.save(advanced))) return;
  for (const { was, episode } of changed) observe.changed(lastChangeOf(was, episode), episode.concern);

  const told: Batch[] = [];
  for (const batch of batchesOf(advanced)) {
    const alert = rules.find(({ name }) => name === batch.alert);
    if (alert) await parts.tell(batch, alert);
    told.push(batch);
  }
  await notes.save(afterTelling(advanced, told));
}

function lastChangeOf(before: Episode | undefined, after: Episode): ConcernChange {
  if (after.isOver) return "over";
  if (!before || before.isOver || before.begunAt !== after.begunAt) return "begun";
  return after.isReminded && !before.isReminded ? "reminder" : "worse";
}

const LEASE = { kind: "watcher", key: "all" };
const Lease = z.object({ node: z.string(), until: z.int() });

/** Takes the lease, or renews it. A lease from a clock that was ahead ends as well. */
async function holdsLease({ store, node }: WatcherParts, now: number): Promise<boolean> {
  if (node === null) return true;
  const [note] = await store.notes(LEASE.kind);
  const lease = Lease.safeParse(note?.value).data;
  const isOthers = lease !== undefined && lease.node !== node;
  if (isOthers && lease.until > now && lease.until <= now + LEASE_MS) return false;
  const value = { node, until: now + LEASE_MS };
  return store.changeNotes([{ ...LEASE, version: note?.version ?? 0, value }]);
}

/** Another node need not wait for the end of the lease. */
async function leave({ store, node }: WatcherParts): Promise<void> {
  const [note] = await store.notes(LEASE.kind);
  if (note && Lease.safeParse(note.value).data?.node === node)
    await store.changeNotes([{ ...LEASE, version: note.version, value: null }]);
}
