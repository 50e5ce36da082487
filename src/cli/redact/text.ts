import { isIP, isIPv6 } from "node:net";
import { type Kind, kindOf } from "./names.ts";
import { isUuid, type StandIns } from "./stand-ins.ts";

/** Texts without what is personal or gives access, by the name that they stand under and by their shape. */

/** What a capture knows besides its bytes. */
export interface Context {
  standIns: StandIns;
  /** Words that the mapping knows, and those that it found in this request. */
  isWord(text: string): boolean;
  /** Ids by which the mapping recognises documents and signers. */
  isId(text: string): boolean;
  /** A text under a name, or under none, with the JSON that may be in it. */
  redact(name: string, text: string): string;
}

/** A value under a name; `within` is what everything around it holds. */
export function redactMember(
  name: string,
  value: string,
  context: Context,
  within: Kind | null = null,
): string {
  if (value.trim() === "" || context.isWord(value)) return value;
  const { standIns } = context;
  switch (kindOf(name) ?? within) {
    case "secret":
      return standIns.secret(value);
    case "document":
      return standIns.document(value);
    case "ip":
      return isIP(value) ? standIns.ip(value) : standIns.secret(value);
    case "email":
      return EMAIL_ALONE.test(value) ? standIns.email(value) : redactedOr(value, context, standIns.text);
    case "link":
      return redactLink(value, context);
    case "personal":
    case "address":
      return EMAIL_ALONE.test(value) ? standIns.email(value) : standIns.text(value);
    default:
      return redactText(value, context);
  }
}

/** A number under a name. */
export function redactNumber(
  name: string,
  value: number,
  context: Context,
  within: Kind | null = null,
): number {
  const text = String(value);
  const kind = kindOf(name) ?? within;
  if (context.isWord(text) || context.isId(text)) return value;
  return kind === "secret" || kind === "personal" || kind === "address"
    ? context.standIns.number(value)
    : value;
}

function redactedOr(value: string, context: Context, otherwise: (value: string) => string): string {
  const redacted = redactText(value, context);
  return redacted === value ? otherwise(value) : redacted;
}

const EMAIL = /[^\s@"'<>()=&,;:/?\\[\]]{1,64}@[^\s@"'<>()=&,;:/?\\[\]]{1,253}\.\p{L}{2,63}/u;
const EMAIL_ALONE = new RegExp(`^${EMAIL.source}$`, "u");

/** What is looked for in a text, in this order; the first that matches somewhere is what stands there. */
const SHAPES = {
  pem: /-----BEGIN [A-Z0-9 ]{1,40}-----[^-]*(?:-----END [A-Z0-9 ]{1,40}-----)?/,
  data: /\bdata:[\w./+-]{0,80}[;,][^\s"'<>]*/,
  member: /"[^"\\]{1,80}"\s{0,8}:\s{0,8}"(?:[^"\\]|\\.)*"/,
  element: /<[\w:.-]{1,80}(?:\s[^<>]{0,400})?>[^<>]+(?=<\/)/,
  attribute: /[\w:.-]{1,80}="[^"<>]*"/,
  url: /\b[A-Za-z][A-Za-z0-9+.-]{0,20}:\/\/[^\s"'<>\\]+/,
  email: EMAIL,
  jwt: /\beyJ[\w-]+\.[\w-]+(?:\.[\w-]*){0,3}/,
  prefixed:
    /\b(?:whsec_|whsk_|whpk_|AKIA|ASIA|AIza|ya29\.|gh[a-z]_|github_pat_|xox[a-z]-|glpat-|shp[a-z]{2}_|[A-Za-z]{2,12}[_-](?:live|test|prod|sandbox)[_-])[\w+/=.-]{4,}/,
  scheme: /\b(?:[Bb]earer|[Bb]asic|[Tt]oken)\s+[\w.+/=~-]{6,}/,
  pair: /[\w.[\]-]{1,80}=[^&\s"'<>;,]+/,
  said: /\b[A-Za-z][\w-]{1,40}\s{0,3}:\s{0,3}[^\s,;"'<>]{4,}/,
  ip6: /(?<![\w:.])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?:\.\d{1,3}){0,3}/,
  ip4: /(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w])/,
  phone: /(?<!\w)\+\d[\d ().-]{6,20}\d/,
  path: /(?<![\w/])\/[^\s/?#"'<>]+(?:\/[^\s/?#"'<>]+)*\/?(?:[?#][^\s"'<>]*)?/,
  run: /[A-Za-z0-9_+/=-]{16,}/,
};
type Shape = keyof typeof SHAPES;

const ANY = new RegExp(
  Object.entries(SHAPES)
    .map(([shape, { source }]) => `(?<${shape}>${source})`)
    .join("|"),
  "gu",
);

/** A text under no telling name. */
export function redactText(text: string, context: Context): string {
  const { standIns } = context;
  if (context.isWord(text)) return text;
  const known = standIns.known(text);
  if (known !== undefined) return known;
  const plain = decodedText(text);
  if (plain !== null && context.redact("", plain) !== plain) return standIns.opaque(text);
  if (isDocument(text)) return standIns.document(text);
  const rest = unescaped(text);
  if (rest !== null) {
    const redacted = context.redact("", rest);
    return redacted === rest ? text : encodeURIComponent(redacted);
  }
  return standIns.withoutKnown(text).replace(ANY, (...match) => {
    const found: string = match[0];
    const groups: Readonly<Partial<Record<Shape, string>>> = match.at(-1);
    const shape = SHAPE_NAMES.find((name) => groups[name] !== undefined);
    return shape === undefined || context.isWord(found) ? found : REPLACE[shape](found, context);
  });
}

const SHAPE_NAMES = Object.keys(SHAPES) as Shape[];

const REPLACE: Readonly<Record<Shape, (found: string, context: Context) => string>> = {
  pem: (found, { standIns }) => standIns.secret(found),
  data: (found, { standIns }) => `data:,${standIns.document(found)}`,
  member: (found, context) =>
    redactPart(
      found,
      /^"([^"]*)"(\s*:\s*)"(.*)"$/s,
      ([name, between, value]) =>
        `"${name}"${between}${JSON.stringify(context.redact(name, parsedText(value)))}`,
    ),
  element: (found, context) =>
    redactPart(
      found,
      /^<([\w:.-]+)([^>]*)>(.*)$/s,
      ([name, attributes, value]) =>
        `<${name}${redactText(attributes, context)}>${context.redact(name.replace(/^.*:/, ""), value)}`,
    ),
  attribute: (found, context) =>
    redactPart(
      found,
      /^([\w:.-]+)(=)"(.*)"$/s,
      ([name, , value]) => `${name}="${context.redact(name, value)}"`,
    ),
  url: redactUrl,
  email: (found, { standIns }) => standIns.email(found),
  jwt: (found, { standIns }) => standIns.secret(found),
  prefixed: (found, { standIns }) => standIns.secret(found),
  scheme: (found, { standIns }) =>
    redactPart(
      found,
      /^(\S+)(\s+)(.*)$/s,
      ([scheme, space, value]) => `${scheme}${space}${standIns.secret(value)}`,
    ),
  pair: (found, context) =>
    redactPart(found, /^([^=]+)(=)(.*)$/s, ([name, , value]) => `${name}=${context.redact(name, value)}`),
  said: (found, context) =>
    redactPart(found, /^([^\s:]+)(\s*:\s*)(.*)$/s, ([name, between, value]) =>
      kindOf(name) === "secret"
        ? `${name}${between}${context.redact(name, value)}`
        : `${name}${between}${redactText(value, context)}`,
    ),
  ip6: (found, { standIns }) => (isIPv6(found) ? standIns.ip(found) : found),
  ip4: (found, { standIns }) => (isIP(found) ? standIns.ip(found) : found),
  phone: (found, { standIns }) => standIns.phone(found),
  path: redactPath,
  run: redactRun,
};

function redactPart(
  found: string,
  pattern: RegExp,
  redact: (parts: readonly [string, string, string]) => string,
): string {
  const [, first = "", second = "", third = ""] = pattern.exec(found) ?? [];
  return redact([first, second, third]);
}

/** What stands between the quotation marks of a JSON text. */
function parsedText(escaped: string): string {
  try {
    return String(JSON.parse(`"${escaped}"`));
  } catch {
    return escaped;
  }
}

/** Of a link only what leads the mapping to an id is left. */
function redactLink(value: string, context: Context): string {
  const { standIns } = context;
  const hasId = value.split(/[/?#&=]/).some((part) => context.isId(part));
  if (value.startsWith("/")) return redactPath(value, context);
  return hasId && URL.canParse(value) ? redactUrl(value, context) : standIns.link(value);
}

/** Without user, password and fragment; what is in the path and the query is looked at part by part. */
function redactUrl(text: string, context: Context): string {
  if (!URL.canParse(text)) return context.standIns.link(text);
  const { protocol, hostname, port, pathname, search } = new URL(text);
  const host = hostname
    .replace(/^\[|\]$/g, "")
    .split(isIP(hostname.replace(/^\[|\]$/g, "")) ? "\0" : ".")
    .map((label) => redactLabel(label, context))
    .join(".");
  const query = search === "" ? "" : `?${redactQuery(search.slice(1), context)}`;
  const place = isIPv6(host) ? `[${host}]` : host;
  return `${protocol}//${place}${port === "" ? "" : `:${port}`}${redactSegments(pathname, context)}${query}`;
}

function redactLabel(label: string, context: Context): string {
  if (isIP(label)) return context.standIns.ip(label);
  return label.length < MIN_RUN_LENGTH && context.standIns.known(label) === undefined
    ? label
    : context.standIns.opaque(label);
}

function redactPath(path: string, context: Context): string {
  const [before = ""] = path.split(/[?#]/, 1);
  const [, query] = /^[^?#]*\?([^#]*)/.exec(path) ?? [];
  return redactSegments(before, context) + (query === undefined ? "" : `?${redactQuery(query, context)}`);
}

/** A query, or a form: each value under its name. */
export function redactQuery(query: string, context: Context): string {
  return new URLSearchParams(
    [...new URLSearchParams(query)].map(([name, value]): [string, string] => [
      redactText(name, context),
      context.redact(name, value),
    ]),
  ).toString();
}

/** Shorter ids are taken for what people write. */
const MIN_RUN_LENGTH = 16;

/** A word of a path, such as `documents` or `v2.1`. */
const PLAIN_SEGMENT =
  /^(?:[a-z]{1,20}(?:[-_][a-z]{1,12})?|[A-Z]?[a-z]{1,12}(?:[A-Z][a-z]{2,12})?|v\d{1,3}(?:\.\d{1,3})?|)$/;

function redactSegments(path: string, context: Context): string {
  return path
    .split("/")
    .map((segment) => {
      const plain = unescaped(segment) ?? segment;
      if (PLAIN_SEGMENT.test(plain) && context.standIns.known(plain) === undefined) return segment;
      if (context.isWord(plain)) return segment;
      if (context.isId(plain)) return encodeURIComponent(redactText(plain, context));
      // A short one that keeps its shape could be mistaken for another.
      const { opaque, secret } = context.standIns;
      return encodeURIComponent(plain.length < MIN_RUN_LENGTH ? secret(plain) : opaque(plain));
    })
    .join("/");
}

/** Letters and digits without a break: an id or a token, unless it reads as a word or a time. */
function redactRun(run: string, context: Context): string {
  const { standIns } = context;
  const known = standIns.known(run);
  if (known !== undefined) return known;
  if (isUuid(run) || /^\d{4}-?\d\d-?\d\dT\d/.test(run)) return run;
  return isRandom(run) ? standIns.opaque(run) : run;
}

function isRandom(run: string): boolean {
  if (/\d/.test(run)) return /[A-Za-z]/.test(run) || run.replace(/\D/g, "").length >= 16;
  const changes = run.match(/[a-z][A-Z]|[A-Z]{2}[a-z]/g)?.length ?? 0;
  return run.length >= 20 && changes / run.length > 0.15;
}

const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/;
/** How PDF, zip, PNG, JPEG, GIF, TIFF, WebP, RTF, SVG, XML, HTML and old Word files begin, in base64. */
const DOCUMENT_START =
  /^(?:JVBER|UEsDB|iVBORw|\/9j\/|R0lGOD|SUkqA|TU0AK|UklGR|e1xydG|PHN2Zy|PD94bW|PCFET|PGh0bW|0M8R4K)/;
/** How PDF, zip and PNG begin as they are. */
const RAW_STARTS = ["%PDF-", "PK\u{3}\u{4}", "\u{fffd}PNG", "\u{89}PNG"];
/** Nothing that is meant to be read is so long without a space. */
const MIN_DOCUMENT_LENGTH = 200;

function isDocument(text: string): boolean {
  if (RAW_STARTS.some((start) => text.startsWith(start))) return true;
  const packed = text.replace(/\s+/g, "");
  return BASE64.test(packed) && (packed.length >= MIN_DOCUMENT_LENGTH || DOCUMENT_START.test(packed));
}

/** What a base64 text says, where that is a text in turn. */
function decodedText(text: string): string | null {
  if (text.length < 8 || !BASE64.test(text)) return null;
  const bytes = Buffer.from(text, "base64");
  const plain = bytes.toString("utf8");
  const again = bytes.toString("base64").replace(/=+$/, "");
  if (again !== text.replaceAll("-", "+").replaceAll("_", "/").replace(/=+$/, "")) return null;
  return /^[\t\n\r\x20-\x7e\u00a0-\ufffc]+$/.test(plain) ? plain : null;
}

/** What a percent-encoded text says; null where it is none. */
function unescaped(text: string): string | null {
  if (!/%[0-9A-Fa-f]{2}/.test(text)) return null;
  try {
    const plain = decodeURIComponent(text);
    return plain === text ? null : plain;
  } catch {
    return null;
  }
}
