import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

/** Style, scripts and the icon: read once at the start, and served by this process itself. */

export interface Asset {
  type: string;
  bytes: Buffer;
  br: Buffer;
  gzip: Buffer;
}

export interface Assets {
  /** By its path, such as `/assets/console-0a1b2c3d.css`; undefined: there is none. */
  find(path: string): Asset | undefined;
  /** The path of an asset, which has the digest of its bytes in it: it may be kept for ever. */
  pathOf(name: AssetName): string;
}

const own = (name: string) => fileURLToPath(new URL(`./assets/${name}`, import.meta.url));

const JAVASCRIPT = "text/javascript; charset=utf-8";

const FILES = {
  "console.css": { type: "text/css; charset=utf-8", file: () => own("console.css") },
  "console.js": { type: JAVASCRIPT, file: () => own("console.js") },
  "icon.svg": { type: "image/svg+xml", file: () => own("icon.svg") },
  "htmx.js": {
    type: JAVASCRIPT,
    file: () => fileURLToPath(import.meta.resolve("htmx.org/dist/htmx.min.js")),
  },
  "htmx-sse.js": {
    type: JAVASCRIPT,
    file: () => fileURLToPath(import.meta.resolve("htmx.org/dist/ext/hx-sse.min.js")),
  },
} as const;
export type AssetName = keyof typeof FILES;

/** @throws whatever reading a file throws: an installation without them is broken. */
export function loadAssets(): Assets {
  const byPath = new Map<string, Asset>();
  const paths = new Map<string, string>();
  for (const [name, { type, file }] of Object.entries(FILES)) {
    // The files of htmx end with the address of a map that is not served.
    const bytes = Buffer.from(readFileSync(file(), "utf8").replace(/\n?\/\/# sourceMappingURL=.*\s*$/, "\n"));
    const digest = createHash("sha256").update(bytes).digest("hex").slice(0, 8);
    const path = `/assets/${name.replace(".", `-${digest}.`)}`;
    byPath.set(path, { type, bytes, br: compress(bytes), gzip: gzipSync(bytes) });
    paths.set(name, path);
  }
  return { find: (path) => byPath.get(path), pathOf: (name) => paths.get(name) ?? "" };
}

function compress(bytes: Buffer): Buffer {
  // The best level would delay the start by a tenth of a second.
  return brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 6 } });
}
