import { contentAtOnce } from "../inbound/content.ts";
import type { FormField } from "../inbound/form.ts";
import { parsing } from "../inbound/json.ts";
import { decodingRequestForm } from "../inbound/open-request.ts";
import { atOnce } from "../inbound/steps.ts";
import { type RedactionContext, redactText } from "./text.ts";
import { redactString, redactValue } from "./value.ts";

type Headers = Readonly<Record<string, string>>;

/** A body and the headers that say how to read it. */
export interface CapturedBody {
  bytes: Buffer;
  headers: Headers;
}

/** The limit of a decompressed body, above that of any received one. */
const MAX_BODY_BYTES = 256 * 1_024 ** 2;

/**
 * The body without compression. One that cannot be decompressed is omitted, since its content cannot be
 * checked.
 */
export function decompress(body: Uint8Array, headers: Headers): CapturedBody {
  const { "content-encoding": _, ...rest } = headers;
  const content = contentAtOnce({ body, headers }, MAX_BODY_BYTES);
  const bytes =
    "bytes" in content ? content.bytes : Buffer.from("(a body that cannot be decompressed is omitted)");
  return { bytes: Buffer.from(bytes), headers: rest };
}

/** The same body in UTF-8, without personal data and credentials. */
export function redactBody({ bytes, headers }: CapturedBody, context: RedactionContext): CapturedBody {
  const type = headers["content-type"] ?? "";
  const charset = /charset\s*=\s*"?([^\s;"]+)/i.exec(type)?.[1] ?? "utf-8";
  const text = textOf(bytes, charset);
  const isForm = /^\s*(?:multipart\/|application\/x-www-form-urlencoded)/i.test(type);
  const json = isForm ? undefined : parseJson(text);
  if (json !== undefined) return inUtf8(JSON.stringify(redactValue(json, context)), type, headers);
  if (isForm || /^[\w.[\]%+-]+=/.test(text)) return redactForm({ bytes, headers }, charset, context);
  const lines = text.split(/(\r?\n)/);
  return inUtf8(lines.map((line) => redactString("", line, context)).join(""), type, headers);
}

function inUtf8(text: string, type: string, headers: Headers): CapturedBody {
  const contentType = type.replace(/(charset\s*=\s*)"?[^\s;"]+"?/i, "$1utf-8");
  return {
    bytes: Buffer.from(text),
    headers: type === "" ? headers : { ...headers, "content-type": contentType },
  };
}

function textOf(bytes: Uint8Array, charset: string): string {
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    return new TextDecoder().decode(bytes);
  }
}

/** Parses as a received body: a number too great for a double becomes its digits. Undefined: not JSON. */
function parseJson(text: string): unknown {
  const json = atOnce(parsing(text));
  if ("value" in json) return json.value;
  if (json.absent === "unreadable") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Urlencoded or multipart: each field by its name; a field that is not text counts as a document. */
function redactForm(
  { bytes, headers }: CapturedBody,
  charset: string,
  context: RedactionContext,
): CapturedBody {
  const { fields } = atOnce(decodingRequestForm(bytes, headers));
  const redacted = fields.map(({ name, value }): [string, string] => [
    redactText(name, context),
    isText(value) || charset !== "utf-8"
      ? redactString(name, textOf(value, charset), context)
      : context.standIns.document(Buffer.from(value).toString("base64")),
  ]);
  const type = headers["content-type"] ?? "";
  if (!/^\s*multipart\//i.test(type)) return inUtf8(new URLSearchParams(redacted).toString(), type, headers);
  const parts = redacted.map(([name, value]) => toPart(name, value));
  return {
    bytes: Buffer.from(`${parts.join("")}--${BOUNDARY}--\r\n`),
    headers: { ...headers, "content-type": `multipart/form-data; boundary=${BOUNDARY}` },
  };
}

const BOUNDARY = "redacted-boundary";

function toPart(name: FormField["name"], value: string): string {
  const quoted = name.replace(/[\r\n]/g, " ").replace(/["\\]/g, "\\$&");
  return `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${quoted}"\r\n\r\n${value}\r\n`;
}

function isText(bytes: Uint8Array): boolean {
  try {
    return !new TextDecoder("utf-8", { fatal: true }).decode(bytes).includes("\0");
  } catch {
    return false;
  }
}
