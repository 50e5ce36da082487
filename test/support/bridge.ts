import { createHmac } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { type App, createApp, type Overrides } from "../../src/app.ts";
import { parseConfig } from "../../src/config.ts";
import { formatProblem } from "../../src/yaml.ts";

/**
 * A real bridge, with real listeners on free ports, and a real receiver: tests enter as providers and
 * operators do.
 */

export const LUMIN_KEY = "my_primary_api_key";
export const TOKEN = "a-token-nobody-guesses";
export const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/** The usual sources; `destinations` is YAML for the rest of the file. */
export function configText(
  destinations = "destinations: {}",
  server = "{ host: 127.0.0.1, port: 0 }",
): string {
  return `
server: ${server}
admin: { port: 0 }
store: sqlite:./countersign.db
log: { level: silent }
sources:
  lumin:
    mapping: lumin
    channels:
      account: { secrets: ["${LUMIN_KEY}"] }
  legalesign:
    mapping: legalesign
    channels:
      upon: { token: ${TOKEN} }
      batch: { token: ${TOKEN} }
${destinations}
`;
}

export interface Bridge extends App {
  folder: string;
  post(path: string, body: string | Uint8Array, headers?: Record<string, string>): Promise<Answer>;
  admin(path: string, headers?: Record<string, string>): Promise<Answer>;
  /** Reprocesses the first page of stored requests; resolves with its result. */
  // biome-ignore lint/suspicious/noExplicitAny: an answer of the bridge; the test says what it expects
  reprocess(request: { which: "problems" | "rejected"; dryRun?: boolean }): Promise<any>;
}

export interface Answer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: an answer of the bridge; the test says what it expects
  body: any;
}

const folders: string[] = [];
const running: App[] = [];

/** Starts a bridge in a folder of its own, or in that of one before it. `tidy` stops it. */
export async function startBridge(
  text = configText(),
  { folder = aFolder(), ...overrides }: Overrides & { folder?: string } = {},
): Promise<Bridge> {
  const { config, problems } = await parseConfig(text, join(folder, "countersign.yaml"), {});
  if (!config) throw new Error(problems.map(formatProblem).join("\n"));
  // A test that moves the clock looks when it wants to: a day would be thousands of looks.
  const watching = overrides.clock === undefined;
  const app = await createApp(config, { logger: pino({ level: "silent" }), watching, ...overrides });
  running.push(app);
  return {
    ...app,
    folder,
    post: (path, body, headers = {}) =>
      ask(`${app.url}${path}`, { method: "POST", body: Buffer.from(body), headers }),
    admin: (path, headers = {}) => ask(`${app.adminUrl}${path}`, { headers }),
    async reprocess(request) {
      const body = JSON.stringify({ ...request, reason: "a test" });
      const headers = { "content-type": "application/json" };
      return (await ask(`${app.adminUrl}/api/v1/reprocess`, { method: "POST", body, headers })).body;
    },
    async stop() {
      running.splice(running.indexOf(app), 1);
      await app.stop();
    },
  };
}

export function aFolder(parent = tmpdir()): string {
  const folder = mkdtempSync(join(parent, "countersign-"));
  folders.push(folder);
  return folder;
}

async function ask(url: string, init: RequestInit): Promise<Answer> {
  const response = await fetch(url, { redirect: "manual", ...init });
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.includes("json");
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
}

/** The headers of a Lumin webhook. */
export function signedByLumin(body: string | Uint8Array, key = LUMIN_KEY): Record<string, string> {
  const signature = createHmac("sha256", key).update(body).digest("hex");
  return { "content-type": "application/json", "x-signature": signature };
}

export const FORM = { "content-type": "application/x-www-form-urlencoded" };

export interface Delivered {
  headers: IncomingHttpHeaders;
  body: Buffer;
  // biome-ignore lint/suspicious/noExplicitAny: JSON, null for a form; the test says what it expects
  json: any;
}

export interface Receiver {
  url: string;
  deliveries: readonly Delivered[];
  /** Resolves once `count` deliveries have come since the start. */
  got(count: number): Promise<readonly Delivered[]>;
}

const stops: (() => void)[] = [];

/** `tidy` calls it: for anything else that a test starts. */
export function atTidy(stop: () => void): void {
  stops.push(stop);
}

/**
 * Lets the server listen on a free port until `tidy`. Resolves with its address, such as
 * `http://127.0.0.1:4711`.
 */
export async function listenUntilTidy(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  atTidy(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/**
 * A receiver that answers with what `answer` gives for the nth delivery, from 1: a status, or nothing for
 * 200.
 */
export async function startReceiver(
  answer: (nth: number) => number | undefined = () => 200,
): Promise<Receiver> {
  const deliveries: Delivered[] = [];
  const waiting: { count: number; resolve: (all: readonly Delivered[]) => void }[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const isForm = request.headers["content-type"] === FORM["content-type"];
    const json = isForm ? null : JSON.parse(body.toString());
    deliveries.push({ headers: request.headers, body, json });
    response.statusCode = answer(deliveries.length) ?? 200;
    response.end();
    for (const { count, resolve } of waiting) if (deliveries.length >= count) resolve(deliveries);
  });
  const address = await listenUntilTidy(server);
  return {
    url: `${address}/hook`,
    deliveries,
    got: (count) =>
      new Promise((resolve) => {
        if (deliveries.length >= count) resolve(deliveries);
        else waiting.push({ count, resolve });
      }),
  };
}

/** Stops every bridge and receiver that a test has started, and removes their folders. */
export async function tidy(): Promise<void> {
  await Promise.all(running.splice(0).map((app) => app.stop()));
  for (const stop of stops.splice(0)) stop();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}
