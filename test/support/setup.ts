import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import type { Runner } from "mocha";
import { newDatabase, stopDatabases } from "./databases.ts";

/** For mocha: runs once before and once after a run, in the process that starts the others. */

let broker: Server | undefined;

export async function mochaGlobalSetup(this: Runner & { isParallelMode(): boolean }): Promise<void> {
  // Tests start some hundred processes: from the second on, none of them compiles the same files again.
  process.env.NODE_COMPILE_CACHE ??= fileURLToPath(
    new URL("../../node_modules/.cache/compiled", import.meta.url),
  );
  if (!this.isParallelMode()) return;
  // The processes that run test files share one server, which starts when the first of them asks for a
  // database.
  broker = createServer(async (_, response) => {
    try {
      response.end(await newDatabase());
    } catch (error) {
      response.writeHead(503).end(String(error));
    }
  }).listen(0, "127.0.0.1");
  await once(broker, "listening");
  process.env.TEST_DATABASE_BROKER = `http://127.0.0.1:${(broker.address() as AddressInfo).port}`;
}

export async function mochaGlobalTeardown(): Promise<void> {
  broker?.close();
  await stopDatabases();
}
