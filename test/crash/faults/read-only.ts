import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isReady } from "../admin.ts";
import type { Launch } from "../nodes.ts";
import type { Verdict } from "../oracle.ts";
import { createWorld, type World } from "../world.ts";
import { createWitness, type Fault } from "./fault.ts";
import { countOf, moreTaken } from "./inside.ts";

/** The folder of the store is read-only. Root may write anyway, so the bridge runs as another user then. */

type FileStore = "sqlite" | "lowdb";

const FILES = { sqlite: "countersign.db", lowdb: "countersign.json" };
const SOME = 30;
const [CLOSED, OPEN] = [0o555, 0o755];
/** The one sentence of the refusal to start. */
const REFUSAL = /^countersign: the store .* cannot be opened .*this user may write to\n$/;

/** At the start the bridge exits with a message; when running it answers 503 if its store creates files. */
export const readOnlyFolder = (store: FileStore): Fault => ({
  name: `read-only folder (${store})`,
  promise:
    store === "lowdb"
      ? "does not start in a read-only folder and says why, answers 503 when it becomes one, and recovers"
      : "does not start in a read-only folder and says why, and goes on when it becomes one",
  impossible: () =>
    canRunAs(unprivilegedUser()) ? null : "it takes a user that is not root and may read these files",
  run: (seed) => inFolder((folder) => runIn(folder, store, seed)),
});

async function runIn(folder: string, store: FileStore, seed: number): Promise<Verdict> {
  const world = await createWorld({
    seed: `${store} ${seed}`,
    store: `${store}:${join(folder, FILES[store])}`,
    connections: 8,
    launch: launchAs(unprivilegedUser()),
  });
  chmodSync(world.folder, OPEN);
  try {
    return await closeAndOpen(world, folder, store);
  } finally {
    chmodSync(folder, OPEN);
    await world.close();
  }
}

async function closeAndOpen(world: World, folder: string, store: FileStore): Promise<Verdict> {
  const { sees, add } = createWitness();
  const [{ adminUrl }] = world.nodes as [World["nodes"][number]];
  chmodSync(folder, CLOSED);
  const refused = await refusesToStart(world);
  await sees(() => refused, "one sentence and exit code 1 at the start", 0);

  chmodSync(folder, OPEN);
  await world.start();
  world.load.allow(100_000);
  await sees(moreTaken(world, SOME), "posts taken before");
  chmodSync(folder, CLOSED);
  if (store === "lowdb") {
    await sees(() => countOf(world, "503") >= SOME, "503 while the folder is read-only");
    await sees(async () => !(await isReady(adminUrl)), "not ready while the folder is read-only");
  } else await sees(moreTaken(world, SOME), "posts taken while the folder is read-only");

  chmodSync(folder, OPEN);
  await sees(() => isReady(adminUrl), "ready afterwards");
  await sees(moreTaken(world, SOME), "posts taken afterwards");
  return add(await world.finish());
}

async function refusesToStart({ nodes: [node] }: World): Promise<boolean> {
  const end = await node?.start(launchAs(unprivilegedUser())).ends();
  return end?.code === 1 && REFUSAL.test(end.stderr);
}

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "countersign-closed-"));
  const user = unprivilegedUser();
  if (user) chownSync(folder, user.uid, user.gid);
  chmodSync(folder, OPEN);
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface User {
  uid: number;
  gid: number;
}

/** The user `nobody`. Undefined: this process is not root, so it needs no other user. */
function unprivilegedUser(): User | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string) => Number(execFileSync("id", [flag, "nobody"]));
  return { uid: id("-u"), gid: id("-g") };
}

function launchAs(user: User | undefined): Launch {
  return user ? { user } : {};
}

function canRunAs(user: User | undefined): boolean {
  if (process.platform === "win32") return false;
  const main = new URL("../../../src/main.ts", import.meta.url).pathname;
  return spawnSync(process.execPath, [main, "--version"], { ...user }).status === 0;
}
