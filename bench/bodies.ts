import { createHmac } from "node:crypto";
import { CHANNEL, KEY, SOURCE } from "./posts.ts";
import { TOKEN } from "./settings.ts";

/**
 * Requests with the longest bodies that a bridge accepts: genuine ones, and ones of an attacker with the key.
 */
export interface Body {
  name: string;
  request: Buffer;
}

/** A little below the limit of the bridge. */
const BODY_BYTES = 5 * 1_024 ** 2 - 64;

/** Different numbers give different batches. */
export function bodies(number: number): Body[] {
  const batch = batchOf(10_000, number);
  return [
    { name: "a batch of 10,000 items", request: formRequest(batch) },
    { name: "the same batch again", request: formRequest(batch) },
    ...CONTRIVED,
  ];
}

/** Repeats the piece between head and tail, up to BODY_BYTES. */
function filled(piece: string, head = "", tail = ""): string {
  return head + piece.repeat(Math.floor((BODY_BYTES - head.length - tail.length) / piece.length)) + tail;
}

function members(): string {
  const list: string[] = [];
  for (let length = 2; length < BODY_BYTES - 20; length += list.at(-1)?.length ?? 0)
    list.push(`"k${list.length}":1,`);
  return `{${list.join("").slice(0, -1)}}`;
}

const CONTRIVED: readonly Body[] = [
  { name: "JSON [0,0,…]", request: jsonRequest(filled("0,", "[", "0]")) },
  { name: 'JSON {"k1":1,…}', request: jsonRequest(members()) },
  { name: "JSON [[[…", request: jsonRequest(filled("[")) },
  { name: "JSON, one text", request: jsonRequest(filled("a", '"', '"')) },
  { name: "JSON, a text of escapes", request: jsonRequest(filled("\\u00e9", '"', '"')) },
  { name: "JSON, a text of quotation marks", request: jsonRequest(filled('\\"', '"', '"')) },
  { name: "JSON, a text of backslashes", request: jsonRequest(filled("\\\\", '"', '"')) },
  { name: "JSON, one number", request: jsonRequest(filled("1")) },
  {
    name: "JSON, numbers too great",
    request: jsonRequest(filled("12345678901234567890123456789012345678901234567890123,", "[", "0]")),
  },
  { name: "JSON, spaces", request: jsonRequest(filled(" ", "[", "]")) },
  { name: "a form of &&&…", request: formRequest(filled("&")) },
  { name: "a form of =&=&…", request: formRequest(filled("=&")) },
  { name: "a form of a=1&a=1&…", request: formRequest(filled("a=1&")) },
  { name: "a form of %41%41…", request: formRequest(filled("%41", "data=")) },
  { name: "a form of %%%…", request: formRequest(filled("%", "data=")) },
  { name: "a batch of {},{},…", request: formRequest(filled("{},", "data=[", "{}]")) },
  { name: "a batch of 0,0,…", request: formRequest(filled("0,", "data=[", "0]")) },
  { name: "a batch of 99,999 empty items", request: formRequest(`data=[${"{},".repeat(99_997)}{}]`) },
];

function jsonRequest(text: string): Buffer {
  const body = Buffer.from(text);
  return request(`/in/${SOURCE}/${CHANNEL}`, body, {
    "content-type": "application/json",
    "x-signature": createHmac("sha256", KEY).update(body).digest("hex"),
  });
}

function formRequest(text: string): Buffer {
  return request(`/in/legalesign/batch?token=${TOKEN}`, Buffer.from(text), {
    "content-type": "application/x-www-form-urlencoded",
  });
}

function request(path: string, body: Buffer, headers: Readonly<Record<string, string>>): Buffer {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const head = [`POST ${path} HTTP/1.1`, "host: 127.0.0.1", `content-length: ${body.length}`, ...lines];
  return Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n\r\n`), body]);
}

const AT = Date.UTC(2026, 0, 1);
/**
 * One of five items is about a document, four are about its signer, whose document the batch does not name.
 */
const CODES = [
  ["document", "10"],
  ["signer", "10"],
  ["signer", "15"],
  ["signer", "20"],
  ["signer", "40"],
] as const;

/** A batch as Legalesign posts it every six minutes, padded to BODY_BYTES. */
function batchOf(items: number, number: number): string {
  const list = Array.from({ length: items }, (_, index) => {
    const [object, value] = CODES[index % CODES.length] ?? CODES[0];
    const document = String(Math.floor(index / CODES.length)).padStart(12, "0");
    const id = `${String(number).padStart(8, "0")}-0000-4000-8000-${document}`;
    const timestamp = `${new Date(AT + index * 1_000).toISOString().slice(0, 19)}+00:00`;
    return { value, timestamp, resource_uri: `/api/v1/${object}/${id}/`, name: "status" };
  });
  const bare = new URLSearchParams({ data: JSON.stringify(list) }).toString();
  const padding = Math.floor((BODY_BYTES - bare.length) / items) - 40;
  const padded = list.map((item) => ({ ...item, note: "x".repeat(padding) }));
  return new URLSearchParams({ data: JSON.stringify(padded) }).toString();
}
