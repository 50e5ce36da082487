import { contentAtOnce } from "../../inbound/content.ts";
import type { FormField } from "../../inbound/form.ts";
import { parsing } from "../../inbound/json.ts";
import { decodingRequestForm } from "../../inbound/open-request.ts";
import { atOnce } from "../../inbound/steps.ts";
import { type Context, redactText } from "./text.ts";
import { redactString, redactValue } from "./value.ts";

type Headers = Readonly<Record<string, string>>;

/** A body, and the headers that say how it is to be read. */
export interface Body {
  bytes: Buffer;
  headers: Headers;
}

/** Longer than any body that is received: what a compressed one may become. */
const MAX_BODY_BYTES = 256 * 1_024 ** 2;

/** The body without compression. A body that cannot be unpacked is left out, as nobody could say what is in it. */
export function unpack(body: Uint8Array, headers: Headers): Body {
  const { "content-encoding": _, ...rest } = headers;
  const content = contentAtOnce({ body, headers }, MAX_BODY_BYTES);
  const bytes =
    "bytes" in content ? content.bytes : Buffer.from("(a body that cannot be unpacked is left out)");
  return { bytes: Buffer.from(bytes), headers: rest };
}

/** The same body in UTF-8, without what is personal or gives access. */
export function redactBody({ bytes, headers }: Body, context: Context): Body {
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

function inUtf8(text: string, type: string, headers: Headers): Body {
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

/** As the way in reads it: a number that is too great for a double is the text of its digits. Undefined: it is no JSON. */
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

/** Urlencoded or multipart: each field under its name, what is no text as a document. */
function redactForm({ bytes, headers }: Body, charset: string, context: Context): Body {
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
