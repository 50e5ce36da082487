import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Chance, createChance } from "../../src/simulate/chance.ts";
import { listEverything, untilNoneIsOpen } from "./admin.ts";
import { configText, SECRET, type Settings } from "./config.ts";
import { startLegacyReceiver } from "./legacy.ts";
import { type Load, startLoad } from "./load.ts";
import { changeMarks, type Marks, writeWhole } from "./marks.ts";
import { createNode, type Launch, type Node } from "./nodes.ts";
import { judge, type Verdict } from "./oracle.ts";
import { lastingPort } from "./ports.ts";
import { acceptWhile, type Receiver, startReceiver, unreliable } from "./receivers.ts";

/** Providers that post, a bridge of one node or several on one store, and receivers: all but the fault. */
export interface World {
  chance: Chance;
  /** The folder of the configurations, and of the store unless it is a database. */
  folder: string;
  nodes: readonly Node[];
  load: Load;
  receivers: readonly Receiver[];
  /** Reliable receivers accept everything at once; at first they are unreliable. */
  setReceiversReliable(areReliable: boolean): void;
  /** Calls `run` once, when `count` more posts were answered with 200. The returned function cancels it. */
  afterTaken(count: number, run: () => void): () => void;
  /** Calls `run` once, when `count` more events have arrived, before the last one is answered. */
  afterArrivals(count: number, run: () => void): () => void;
  /** Starts every node, and resolves when all are ready. */
  start(): Promise<void>;
  /** Ends the load, waits until nothing is pending, and compares. */
  finish(options?: Finish): Promise<Verdict>;
  /** Kills all nodes and closes the receivers. The folder is removed unless `keep`. */
  close(options?: { keep: boolean }): Promise<void>;
}

export interface WorldOptions {
  seed: string;
  /** As in the configuration. */
  store: string;
  nodes?: number;
  connections?: number;
  /** An empty folder, which is not removed; default: a new one. */
  folder?: string;
  launch?: Launch;
  /**
   * A migration is under way: the newer channel of each source is put into the shadow and taken out of it,
   * and a legacy receiver gets batches.
   */
  migration?: boolean;
}

export interface Finish {
  /**
   * Restarts the bridge with its clock ahead, in place of waiting for what is due later; milliseconds.
   */
  ahead?: number;
  /** How long the number of open deliveries may stay the same, in milliseconds: longer than a lease. */
  limit?: number;
}

const RECEIVERS = ["crm", "archive"];
/** The longest wait until all begun posts are taken, without further faults. */
const LOAD_TIMEOUT_MS = 60_000;

/** Folders of worlds that were not closed are removed with this process. */
const folders = new Set<string>();
process.on("exit", () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

export async function createWorld(options: WorldOptions): Promise<World> {
  const { seed, store, nodes: count = 1, connections = 32, launch = {}, migration = false } = options;
  const chance = createChance(seed);
  const folder = options.folder ?? newFolder();
  const taken = createCounter();
  const arrived = createCounter();
  const { receivers, legacy, setReliable } = await startReceivers(chance, arrived.count, migration);
  const placed = await Promise.all(
    Array.from({ length: count }, (_, index) =>
      placeNode(join(folder, `${index}.yaml`), { store, receivers, legacy }),
    ),
  );
  const nodes = placed.map(({ node }) => node);
  const urls = nodes.map(({ url }) => url);
  const load = startLoad({ chance, connections, urls, onTaken: taken.count });
  const over = new AbortController();
  let marks: Marks | null = null;

  async function finish({ ahead = 0, limit = 60_000 }: Finish = {}): Promise<Verdict> {
    expectNoDeath(nodes, folder);
    const tooLate = setTimeout(() => over.abort(), LOAD_TIMEOUT_MS);
    await load.stop(over.signal);
    clearTimeout(tooLate);
    await marks?.end();
    if (ahead > 0) await restartAll(nodes, { ...launch, ahead }, folder);
    const [{ adminUrl }] = nodes as [Node];
    await untilNoneIsOpen(adminUrl, limit);
    const stored = await listEverything(adminUrl);
    expectNoDeath(nodes, folder);
    return judge({ load, receivers, legacy, stored });
  }

  return {
    chance,
    folder,
    nodes,
    load,
    receivers,
    setReceiversReliable: setReliable,
    afterTaken: taken.after,
    afterArrivals: arrived.after,
    async start() {
      await startAll(nodes, launch, folder);
      if (migration) marks = changeMarks(chance, nodes, (index, shadow) => placed[index]?.write(shadow));
    },
    finish,
    async close({ keep } = { keep: false }) {
      over.abort();
      await load.stop(over.signal);
      await marks?.end().catch(() => {});
      legacy?.close();
      await Promise.all(nodes.map(({ running }) => running?.kill()));
      for (const receiver of receivers) receiver.close();
      if (folders.delete(folder) && !keep) rmSync(folder, { recursive: true, force: true });
    },
  };
}

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "countersign-crash-"));
  folders.add(folder);
  return folder;
}

async function startReceivers(chance: Chance, onArrival: () => void, migration: boolean) {
  let areReliable = false;
  const treat = acceptWhile(() => areReliable, unreliable(chance));
  const behavior = { treat, delay: () => chance.int(20, 300), onArrival };
  return {
    receivers: await Promise.all(
      RECEIVERS.map((name) => startReceiver({ name, secret: SECRET, ...behavior })),
    ),
    legacy: migration ? await startLegacyReceiver({ name: "legacy", secret: SECRET, ...behavior }) : null,
    setReliable(reliable: boolean) {
      areReliable = reliable;
    },
  };
}

/** A node, and what writes its configuration again. */
async function placeNode(
  file: string,
  given: Pick<Settings, "store" | "receivers" | "legacy">,
): Promise<{ node: Node; write(shadow: boolean): void }> {
  const port = await lastingPort();
  const adminPort = await lastingPort();
  const write = (shadow: boolean) => writeWhole(file, configText({ ...given, port, adminPort, shadow }));
  write(false);
  const addresses = { url: `http://127.0.0.1:${port}`, adminUrl: `http://127.0.0.1:${adminPort}` };
  return { node: createNode(file, addresses), write };
}

async function startAll(nodes: readonly Node[], launch: Launch, folder: string): Promise<void> {
  await Promise.all(nodes.map((node) => node.start(launch).ready));
  expectNoDeath(nodes, folder);
}

/** @throws Error: a bridge ended by itself, so there is nothing to compare. */
function expectNoDeath(nodes: readonly Node[], folder: string): void {
  const deaths = nodes.flatMap((node) => node.deaths);
  if (deaths.length > 0) throw new Error([...deaths, `the configuration is in ${folder}`].join("\n"));
}

async function restartAll(nodes: readonly Node[], launch: Launch, folder: string): Promise<void> {
  await Promise.all(nodes.map(({ running }) => running?.kill()));
  await startAll(nodes, launch, folder);
}

/** Counts, and calls back at requested numbers. */
function createCounter(): { count(): void; after(more: number, run: () => void): () => void } {
  const waiting = new Map<object, { at: number; run(): void }>();
  let counted = 0;
  return {
    count() {
      counted += 1;
      for (const [key, { at, run }] of waiting) {
        if (counted < at) continue;
        waiting.delete(key);
        run();
      }
    },
    after(more, run) {
      const key = {};
      waiting.set(key, { at: counted + more, run });
      return () => waiting.delete(key);
    },
  };
}
