/** A header's value with parameters, such as `multipart/form-data; boundary=b`. */
export interface Parameterized {
  /** In lower case, without white space around it. */
  value: string;
  /** The parameter with this name, given in lower case; null: none. Of repeated ones the first. */
  parameter(name: string): string | null;
}

/**
 * One parameter: a token or a quoted string (RFC 9110, section 5.6.6), with white space in all usual places.
 */
const PARAMETER = /;\s*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;]*))/gsu;

/** An extended value (RFC 8187): charset, language, and percent-encoded bytes. */
const EXTENDED = /^([\w.+:-]+)'[^']*'(.*)$/s;

/** Never throws. A `name*=` parameter counts before the plain one. */
export function parseParameters(text: string): Parameterized {
  const end = text.indexOf(";");
  const found = new Map<string, string>();
  for (const [, name = "", quoted, bare = ""] of end < 0 ? [] : text.slice(end).matchAll(PARAMETER)) {
    const key = name.toLowerCase();
    if (!found.has(key)) found.set(key, quoted?.replace(/\\(["\\])/g, "$1") ?? bare.trim());
  }
  return {
    value: (end < 0 ? text : text.slice(0, end)).trim().toLowerCase(),
    parameter: (name) => decodeExtended(found.get(`${name}*`)) ?? found.get(name) ?? null,
  };
}

function decodeExtended(text: string | undefined): string | null {
  const [, charset = "", encoded] = EXTENDED.exec(text ?? "") ?? [];
  if (encoded === undefined) return null;
  try {
    const bytes = encoded.replace(/%([0-9a-f]{2})/gi, (_, digits: string) =>
      String.fromCharCode(Number.parseInt(digits, 16)),
    );
    return new TextDecoder(charset).decode(Buffer.from(bytes, "latin1"));
  } catch {
    return null;
  }
}
