import { Readable } from "node:stream";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type Koa from "koa";
import type { Asset } from "./assets.ts";
import type { Html } from "./html.ts";

/** Answers of the console, with the headers that keep a stranger's text inert and the pages private. */

/** Nothing is loaded from elsewhere, and nothing that stands in a page is run. */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join("; ");

const compressed = promisify(gzip);

/** A shorter page fits into one packet as it is. */
const MIN_COMPRESSED_BYTES = 1_200;

export async function sendHtml(context: Koa.Context, html: Html, status = 200): Promise<void> {
  secure(context);
  context.status = status;
  context.set("cache-control", "no-store");
  context.type = "text/html; charset=utf-8";
  context.vary("accept-encoding");
  const bytes = Buffer.from(String(html).toWellFormed());
  if (bytes.length < MIN_COMPRESSED_BYTES || context.acceptsEncodings("gzip", "identity") !== "gzip") {
    context.body = bytes;
    return;
  }
  context.set("content-encoding", "gzip");
  context.body = await compressed(bytes, { level: 4 });
}

/** A file to keep, as it comes. When its lines end with an error, the connection does. */
export function sendCsv(context: Koa.Context, lines: AsyncIterable<string>, name: string): void {
  secure(context);
  context.set("cache-control", "no-store");
  context.set("content-disposition", `attachment; filename="${name}"`);
  context.type = "text/csv; charset=utf-8; header=present";
  context.body = Readable.from(lines);
}

export function sendAsset(context: Koa.Context, { type, bytes, br, gzip }: Asset): void {
  secure(context);
  context.set("cache-control", "public, max-age=31536000, immutable");
  context.vary("accept-encoding");
  const encoding = context.acceptsEncodings("br", "gzip", "identity");
  if (encoding === "br" || encoding === "gzip") context.set("content-encoding", encoding);
  context.body = encoding === "br" ? br : encoding === "gzip" ? gzip : bytes;
  context.set("content-type", type);
}

/** After a form was sent: the browser gets the next page, and loading it again sends nothing. */
export function seeOther(context: Koa.Context, path: string): void {
  secure(context);
  context.set("cache-control", "no-store");
  context.redirect(path);
  context.status = 303;
}

export function secure(context: Koa.Context): void {
  context.set("content-security-policy", CONTENT_SECURITY_POLICY);
  context.set("x-content-type-options", "nosniff");
  context.set("x-frame-options", "DENY");
  context.set("referrer-policy", "same-origin");
  context.set("cross-origin-opener-policy", "same-origin");
  context.set("cross-origin-resource-policy", "same-origin");
}
