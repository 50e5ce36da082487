import type { SignatureEncoding, SignedPart } from "../mapping/check.ts";
import type { Part } from "../mapping/part.ts";
import { formatPlace } from "../mapping/request-place.ts";
import { bytesAt } from "./at-place.ts";
import type { Refusal } from "./credentials.ts";
import type { OpenedRequest } from "./request.ts";

/** Signatures of one request that are compared: more than any provider has keys. */
const MAX_SIGNATURES = 256;

/** The longest text that is searched for signatures: as long as all headers of a request may be. */
const MAX_SIGNATURE_BYTES = 16_384;

/** The texts that are, or are lists of, signatures; null when there is nothing at any of the places. */
export function signatureTexts(request: OpenedRequest, parts: readonly Part[]): string[] | null {
  const texts = parts.flatMap((part) => bytesAt(request, part.place).map((bytes) => ({ part, bytes })));
  if (texts.length === 0) return null;
  return texts.slice(0, MAX_SIGNATURES).flatMap(({ part, bytes }) => {
    if (bytes.length > MAX_SIGNATURE_BYTES) return [];
    const text = Buffer.from(bytes).toString("latin1");
    return part.find ? part.find(text) : [text];
  });
}

/**
 * Decodes signatures. Each text may be a list with commas or white space between. A signature counts as a
 * whole or not at all: hexadecimal in either case, or base64 (RFC 4648, either alphabet, padded or not) with
 * nothing around it.
 */
export function decodeSignatures(
  texts: readonly string[],
  prefix: string,
  encodings: readonly SignatureEncoding[],
): Buffer[] {
  const candidates = texts.flatMap((text) => split(text, prefix)).slice(0, MAX_SIGNATURES);
  return candidates.flatMap((candidate) =>
    encodings.map((encoding) => DECODE[encoding](candidate)).filter((bytes) => bytes !== null),
  );
}

const SEPARATOR = /[ \t,]+/;
const SEPARATES = /[ \t,\r\n]/;

/** Line ends separate nothing, since a field may have its base64 in lines (RFC 2045). */
function split(text: string, prefix: string): string[] {
  // Nearly always the text is one signature and nothing else.
  if (prefix === "" && !SEPARATES.test(text)) return text === "" ? [] : [text];
  const line = text.replace(/[\r\n]+[ \t]*/g, "");
  if (prefix === "") return line.split(SEPARATOR).filter((one) => one !== "");
  const [before = "", ...pieces] = line.split(prefix);
  return pieces.flatMap((piece, index) => {
    const separated = /(?:^|[ \t,])$/.test(pieces[index - 1] ?? before);
    const [signature = ""] = piece.split(SEPARATOR, 1);
    return separated && signature !== "" ? [signature] : [];
  });
}

const DECODE: Readonly<Record<SignatureEncoding, (text: string) => Buffer | null>> = {
  hex: (text) => (text.length % 2 === 0 && /^[0-9a-f]+$/i.test(text) ? Buffer.from(text, "hex") : null),
  base64: (text) => {
    const bytes = Buffer.from(text, "base64");
    const padded = [
      bytes.toString("base64"),
      bytes.toString("base64url").padEnd(Math.ceil(bytes.length / 3) * 4, "="),
    ];
    return padded.some((whole) => whole === text || whole.replace(/=+$/, "") === text) ? bytes : null;
  },
};

/**
 * The signed bytes, part by part. A signed place must have exactly one value: of two fields with one name,
 * one would be checked and the other could be read.
 */
export function signedBytes(request: OpenedRequest, over: readonly SignedPart[]): Uint8Array[] | Refusal {
  const parts: Uint8Array[] = [];
  for (const part of over) {
    const bytes = "text" in part ? Buffer.from(part.text) : onlyIn(request, part);
    if (bytes instanceof Uint8Array) parts.push(bytes);
    else return bytes;
  }
  return parts;
}

const INCOMPLETE: Refusal = { refused: "a part of what is signed is not in the request" };

/** The bytes of a part that must have exactly one value. */
export function onlyIn(request: OpenedRequest, part: Part): Uint8Array | Refusal {
  const [bytes, ...more] = bytesAt(request, part.place);
  if (bytes === undefined) return INCOMPLETE;
  if (more.length > 0) {
    return { refused: `${formatPlace(part.place)}, which is signed, comes more than once in the request` };
  }
  if (part.find === null) return bytes;
  const [found] = part.find(Buffer.from(bytes).toString("latin1"));
  return found === undefined ? INCOMPLETE : Buffer.from(found, "latin1");
}
