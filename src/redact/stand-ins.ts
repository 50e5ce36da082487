import { createHash } from "node:crypto";

/**
 * Replacements of values. Within one capture equal values get equal stand-ins, so that references still
 * match.
 */
export interface StandIns {
  /** A secret: the stand-in shows nothing of it. */
  secret(value: string): string;
  /** A name, a title or another personal text. */
  text(value: string): string;
  email(address: string): string;
  ip(address: string): string;
  phone(number: string): string;
  document(content: string): string;
  /** A URL that no mapping reads. */
  link(url: string): string;
  /** An id: letters stay letters and digits stay digits, so that patterns still match. */
  opaque(id: string): string;
  number(value: number): number;
  /** The text with every value replaced that was replaced before. */
  withoutKnown(text: string): string;
  /** The stand-in of exactly this value; undefined: it was not replaced yet. */
  known(value: string): string | undefined;
}

/** With more values than this a text is searched word by word, not for each value. */
const MAX_SEARCHED = 300;

export function createStandIns(): StandIns {
  const replaced = new Map<string, string>();
  const made = new Set<string>();
  const counts = new Map<string, number>();
  const numbers = new Map<number, number>();
  /** The values that are searched for within other texts, longest first. */
  const distinctive: [string, string][] = [];

  const remember = (kind: string, value: string, make: (n: number) => string): string => {
    const before = replaced.get(value);
    if (before !== undefined) return before;
    if (made.has(value)) return value;
    const n = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, n);
    const standIn = make(n);
    replaced.set(value, standIn);
    made.add(standIn);
    if (isDistinctive(value) && distinctive.length <= MAX_SEARCHED) {
      distinctive.push([value, standIn]);
      distinctive.sort(([a], [b]) => b.length - a.length);
    }
    return standIn;
  };

  return {
    secret: (value) => remember("secret", value, (n) => `redacted-${n}`),
    text: (value) => remember("text", value, (n) => `Redacted ${n}`),
    email: (address) => remember("email", address.toLowerCase(), (n) => `person${n}@example.com`),
    // Addresses that RFC 5737 and RFC 3849 set aside for examples.
    ip: (address) =>
      remember("ip", address, (n) => (address.includes(":") ? `2001:db8::${n}` : `192.0.2.${n % 256}`)),
    phone: (number) => remember("phone", number, (n) => `+1555${String(n).padStart(7, "0")}`),
    document: (content) => remember("document", content, (n) => `document-${n}`),
    link: (url) => remember("link", url, (n) => `https://redacted.example/link-${n}`),
    opaque: (id) => remember("opaque", id, (n) => inShapeOf(id, n)),
    number(value) {
      const standIn = numbers.get(value) ?? 1_000_000 + numbers.size;
      numbers.set(value, standIn);
      return standIn;
    },
    known: (value) => replaced.get(value),
    withoutKnown(text) {
      if (distinctive.length > MAX_SEARCHED) return text.replace(/[\w-]{4,}/g, replacedWord);
      return distinctive.reduce((rest, [value, standIn]) => replaceWhole(rest, value, standIn), text);
    },
  };

  function replacedWord(word: string): string {
    return isDistinctive(word) ? (replaced.get(word) ?? word) : word;
  }
}

/** True: the value within another text is hardly there by chance. */
function isDistinctive(value: string): boolean {
  return value.length >= 6 || (value.length >= 4 && /\d/.test(value) && /[A-Za-z]/.test(value));
}

/** A value of words is replaced as whole words only: `Lease` must not match in `released`. */
function replaceWhole(text: string, value: string, standIn: string): string {
  if (!text.includes(value)) return text;
  if (!/^[\p{L} .'-]+$/u.test(value)) return text.replaceAll(value, standIn);
  const escaped = value.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return text.replace(new RegExp(`(?<![\\p{L}\\p{N}_])${escaped}(?![\\p{L}\\p{N}_])`, "gu"), () => standIn);
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

function inShapeOf(id: string, n: number): string {
  if (UUID.test(id)) return `00000000-0000-4000-8000-${n.toString(16).padStart(12, "0")}`;
  const isHex = /^[0-9a-f]+$/i.test(id);
  const bytes = createHash("shake256", { outputLength: id.length }).update(`stand-in ${n}`).digest();
  return [...id]
    .map((character, index) => {
      const byte = bytes[index] ?? 0;
      if (/\d/.test(character)) return String(byte % 10);
      if (/[a-z]/.test(character)) return String.fromCharCode(0x61 + (byte % (isHex ? 6 : 26)));
      if (/[A-Z]/.test(character)) return String.fromCharCode(0x41 + (byte % (isHex ? 6 : 26)));
      return /[\w+/=.~-]/.test(character) ? character : "x";
    })
    .join("");
}

export function isUuid(text: string): boolean {
  return UUID.test(text);
}
