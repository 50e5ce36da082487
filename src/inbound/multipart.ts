import { type Form, type FormField, MOST_FIELDS } from "./form.ts";

const BOUNDARY = /^multipart\/form-data\s*;(?:.*;)?\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i;

/** The boundary that a content type of `multipart/form-data` names; null for any other. */
export function boundaryOf(contentType: string): string | null {
  const [, quoted, bare] = BOUNDARY.exec(contentType) ?? [];
  return quoted ?? bare ?? null;
}

/** Reads `multipart/form-data` (RFC 7578). Parts without a name are passed over, a body that breaks off gives what came whole. */
export function decodeMultipart(body: Uint8Array, boundary: string): Form {
  const bytes = Buffer.concat([Buffer.from("\r\n"), body]);
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  const fields: FormField[] = [];
  let start = bytes.indexOf(delimiter);
  for (let parts = 0; start >= 0; parts++) {
    const end = bytes.indexOf(delimiter, start + delimiter.length);
    if (end < 0) break;
    if (parts === MOST_FIELDS) return { fields, cut: true };
    const field = decodePart(bytes.subarray(start + delimiter.length, end));
    if (field) fields.push(field);
    start = end;
  }
  return { fields, cut: false };
}

const NAME = /^content-disposition:[^\r\n]*?;\s*name="((?:\\.|[^"\\])*)"/im;

function decodePart(part: Buffer): FormField | null {
  const head = part.indexOf("\r\n\r\n");
  if (head < 0) return null;
  const [, name] = NAME.exec(part.subarray(0, Math.min(head, 4_096)).toString("utf8").trimStart()) ?? [];
  return name === undefined ? null : { name, value: part.subarray(head + 4) };
}
