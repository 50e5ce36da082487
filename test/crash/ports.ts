import { createServer } from "node:net";
import { createChance } from "../../src/simulate/chance.ts";

/** Below the ports of outgoing connections, so that none is taken while its bridge is down. */
const [MIN_PORT, MAX_PORT] = [10_000, 29_999];

const given = new Set<number>();
const chance = createChance(`ports of ${process.pid}`);

/** A port that a bridge can have over all its restarts. */
export async function lastingPort(): Promise<number> {
  for (;;) {
    const port = chance.int(MIN_PORT, MAX_PORT);
    if (given.has(port)) continue;
    given.add(port);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
