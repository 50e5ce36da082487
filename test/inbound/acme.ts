import { createHmac } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Overrides } from "../../src/app.ts";
import { type Answer, aFolder, type Bridge, startBridge } from "../support/bridge.ts";

/** An invented provider whose mapping a test writes as far as the test is about it. */

/**
 * A mapping with these lines at its top; the rest reads `{"what": "done", "id": "d-1"}` as a completed
 * document.
 */
export function acmeMapping(lines: string): string {
  const rest = {
    event: `event:
  word: { from: what, table: words }
  document: { id: id }`,
    tables: "tables: { words: { done: document.completed, opened: document.created, ping: ignore } }",
    channels: "channels: { main: { title: Main } }",
  };
  const missing = Object.entries(rest).filter(([key]) => !new RegExp(`^${key}:`, "m").test(lines));
  return ["provider: acme", "title: Acme", lines, ...missing.map(([, text]) => text), ""].join("\n");
}

/** A folder with the mapping `acme`. */
export function folderWith(mapping: string, folder = aFolder()): string {
  mkdirSync(join(folder, "mappings"), { recursive: true });
  writeFileSync(join(folder, "mappings", "acme.yaml"), mapping);
  return folder;
}

export function acmeConfig(channel: string): string {
  return `
server: { host: 127.0.0.1, port: 0 }
admin: { port: 0 }
store: sqlite:./countersign.db
log: { level: silent }
sources: { acme: { mapping: acme, channels: { main: ${channel} } } }
`;
}

export interface AcmeBridge extends Bridge {
  /** Any request to the channel; `path` is what follows its address. */
  send(method: string, path: string, headers?: Record<string, string>, body?: string): Promise<Answer>;
}

/**
 * A real bridge with the provider's `main` channel: `lines` of its mapping, `channel` of the configuration.
 */
export async function startAcme(
  lines: string,
  channel: string,
  { folder, ...overrides }: Overrides & { folder?: string } = {},
): Promise<AcmeBridge> {
  const bridge = await startBridge(acmeConfig(channel), {
    folder: folderWith(acmeMapping(lines), folder),
    ...overrides,
  });
  return {
    ...bridge,
    async send(method, path, headers = {}, body) {
      const response = await fetch(`${bridge.url}/in/acme/main${path}`, {
        method,
        headers,
        redirect: "manual",
        ...(body === undefined ? {} : { body }),
      });
      const text = await response.text();
      const isJson = response.headers.get("content-type")?.includes("json") && text !== "";
      return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
    },
  };
}

export const DONE = '{"what":"done","id":"d-1"}';

export function hmac(
  text: string | Uint8Array,
  key: string | Uint8Array,
  encoding: "hex" | "base64" = "hex",
): string {
  return createHmac("sha256", key).update(text).digest(encoding);
}
