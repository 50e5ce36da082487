import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import type { IncomingHttpHeaders } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Webhook } from "standardwebhooks";
import { CountersignError } from "../../src/domain/errors.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import type { Store } from "../../src/store/store.ts";
import { aFolder, atTidy, type Bridge, configText, SECRET, signedByLumin } from "../support/bridge.ts";
import { until } from "../support/until.ts";

/** For mistakes.slow.test.ts: ways to enter a bridge as its users do. */

export const LUMIN = "/in/lumin/account";
/** No process listens there, and only root could. */
export const CLOSED = "http://127.0.0.1:9/hook";
const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

export const crm = (url: string, rest = "") =>
  configText(`destinations: { crm: { url: "${url}", secrets: ["${SECRET}"]${rest} } }\nshutdown: 0s`);

export const requestBody = (type: string, id: string, given: object = {}) =>
  JSON.stringify({
    event: { event_type: `signature_request_${type}`, event_time: 1_700_000_000_000 },
    signature_request: { signature_request_id: id, ...given },
  });
export const post = (bridge: Pick<Bridge, "post">, body: string) =>
  bridge.post(LUMIN, body, signedByLumin(body));
export const create = (bridge: Pick<Bridge, "post">, id = "r1") => post(bridge, requestBody("created", id));

/** A list of the admin API, in the order recorded. */
export const list = async (bridge: Bridge, path: string) =>
  (await bridge.admin(`/api/v1/${path}${path.includes("?") ? "&" : "?"}order=oldest`)).body.items;
/** The only delivery, with its attempts. */
export async function delivery(bridge: Bridge) {
  const [{ id }] = await list(bridge, "events");
  return (await bridge.admin(`/api/v1/events/${id}`)).body.deliveries[0];
}
/** The same, once it has this number of attempts. */
export function afterAttempts(bridge: Bridge, count: number) {
  return until(async () => {
    const one = await delivery(bridge);
    return one.attempts >= count && one;
  }, `the delivery has ${count} attempts`);
}

/** A store on a file, of which `before` runs ahead of each call, and may throw. */
export function aStore(before: (call: keyof Store) => void, folder = aFolder()): Store {
  const store = openSqliteStore({ file: join(folder, "countersign.db"), token: randomUUID });
  return new Proxy(store, {
    get(target, name: keyof Store) {
      const call = target[name] as (...given: unknown[]) => Promise<unknown>;
      return async (...given: unknown[]) => {
        before(name);
        return call(...given);
      };
    },
  });
}
export const AWAY = () => new CountersignError("store_unavailable", "the database is away");

/** The official library, by the real time. */
export function verify(body: Buffer, headers: IncomingHttpHeaders): void {
  new Webhook(SECRET).verify(body, headers as Record<string, string>);
}

/** A bridge in a process of its own, once it is ready. */
export async function serve(text: string, folder: string): Promise<{ url: string; kill(): void }> {
  const file = join(folder, "countersign.yaml");
  writeFileSync(file, text.replace("level: silent", "level: info"));
  const args = [MAIN, "serve", "--config", file];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const kill = () => void child.kill("SIGKILL");
  atTidy(kill);
  let log = "";
  for await (const chunk of child.stdout) {
    log += chunk;
    const [, url] = /"event":"process\.ready".*"url":"([^"]+)"/.exec(log) ?? [];
    if (url) return { url, kill };
  }
  throw new Error(`it ended before it was ready: ${log}`);
}
