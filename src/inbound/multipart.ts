import { type Form, type FormField, MAX_FIELDS } from "./form.ts";
import { type Parameterized, parseParameters } from "./parameters.ts";

/** Longer than the 70 characters that RFC 2046 allows. */
const MAX_BOUNDARY_LENGTH = 200;

/** The boundary of a `multipart/form-data` content type; null for any other. */
export function boundaryOf(contentType: string): string | null {
  const { value, parameter } = parseParameters(contentType);
  if (value !== "multipart/form-data") return null;
  // White space at its end is no part of it, even in quotes (RFC 2046, section 5.1.1).
  const boundary = parameter("boundary")?.trimEnd() ?? "";
  return boundary === "" || boundary.length > MAX_BOUNDARY_LENGTH ? null : boundary;
}

const HYPHEN = 0x2d;

/**
 * Reads `multipart/form-data` (RFC 7578), in time linear to its length. Parts without a name and text outside
 * of the delimiters are skipped; a truncated body gives its whole parts.
 */
export function decodeMultipart(body: Uint8Array, boundary: string): Form {
  const bytes = Buffer.concat([Buffer.from("\r\n"), body]);
  const delimiter = Buffer.from(`\r\n--${boundary}`, "latin1");
  const fields: FormField[] = [];
  let from = 0;
  let start: number | null = null;
  for (let parts = 0; ; ) {
    const at = bytes.indexOf(delimiter, from);
    if (at < 0) return { fields, cut: false };
    from = at + delimiter.length;
    const end = endOfDelimiter(bytes, from);
    if (end === null) continue; // a line that only begins like a delimiter
    if (start !== null) {
      if (parts === MAX_FIELDS) return { fields, cut: true };
      parts += 1;
      const field = decodePart(bytes.subarray(start, at));
      if (field) fields.push(field);
    }
    if (end === "last") return { fields, cut: false };
    start = end;
  }
}

/** The line end of a delimiter, which belongs to the next part; null: the line is no delimiter. */
function endOfDelimiter(bytes: Buffer, from: number): number | "last" | null {
  if (bytes[from] === HYPHEN && bytes[from + 1] === HYPHEN) return "last";
  let at = from;
  while (bytes[at] === 0x20 || bytes[at] === 0x09) at += 1;
  return bytes[at] === 0x0d && bytes[at + 1] === 0x0a ? at : null;
}

const MAX_HEAD_BYTES = 16 * 1_024;

/** Decodes a part, which begins at the line end of its delimiter. */
function decodePart(part: Buffer): FormField | null {
  const end = part.indexOf("\r\n\r\n");
  if (end < 0 || end > MAX_HEAD_BYTES) return null;
  const header = headersOf(part.subarray(0, end));
  const name = parseParameters(header("content-disposition")).parameter("name");
  if (name === null) return null;
  const type = parseParameters(header("content-type"));
  const value = untransfer(part.subarray(end + 4), header("content-transfer-encoding"));
  return { name, value, charset: type.parameter("charset"), isText: isText(type) };
}

/** A part's headers by name in lower case; folded lines are unfolded (RFC 5322, section 2.2.3). */
function headersOf(head: Buffer): (name: string) => string {
  const lines = head
    .toString("utf8")
    .replace(/\r\n[ \t]+/g, " ")
    .split("\r\n");
  const found = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(0, colon)).trim().toLowerCase();
    if (!found.has(name)) found.set(name, line.slice(colon + 1).trim());
  }
  return (name) => found.get(name) ?? "";
}

function isText({ value }: Parameterized): boolean {
  return value === "" || value.startsWith("text/") || value.endsWith("json") || value.endsWith("xml");
}

/** Decodes a part's transfer encoding, which is deprecated (RFC 7578, section 4.7) and still in use. */
function untransfer(value: Buffer, encoding: string): Buffer {
  switch (encoding.toLowerCase()) {
    case "base64":
      return Buffer.from(value.toString("latin1"), "base64");
    case "quoted-printable":
      return Buffer.from(
        value
          .toString("latin1")
          .replace(/=[ \t]*\r\n/g, "")
          .replace(/=([0-9a-f]{2})/gi, (_, digits: string) =>
            String.fromCharCode(Number.parseInt(digits, 16)),
          ),
        "latin1",
      );
    default:
      return value;
  }
}
