import { isIP, isIPv6 } from "node:net";
import { decodedText, isDocument, unescaped } from "./encoded.ts";
import { kindOf, type ValueKind } from "./names.ts";
import { isUuid, type StandIns } from "./stand-ins.ts";
import { redactLink, redactPath, redactUrl } from "./url.ts";

/** Removes personal data and credentials from texts, by their names and shapes. */

/** Knowledge about a capture besides its bytes. */
export interface RedactionContext {
  standIns: StandIns;
  /** True: the mapping knows the word, or read it from this request. */
  isWord(text: string): boolean;
  /** True: the mapping read it as an id of a document or signer. */
  isId(text: string): boolean;
  /** Redacts a text under a name (`""`: none), including JSON in it. */
  redact(name: string, text: string): string;
}

/** Redacts a value under a name; `within`: the kind of the objects around it. */
export function redactMember(
  name: string,
  value: string,
  context: RedactionContext,
  within: ValueKind | null = null,
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

/** Redacts a number under a name. */
export function redactNumber(
  name: string,
  value: number,
  context: RedactionContext,
  within: ValueKind | null = null,
): number {
  const text = String(value);
  const kind = kindOf(name) ?? within;
  if (context.isWord(text) || context.isId(text)) return value;
  return kind === "secret" || kind === "personal" || kind === "address"
    ? context.standIns.number(value)
    : value;
}

function redactedOr(value: string, context: RedactionContext, otherwise: (value: string) => string): string {
  const redacted = redactText(value, context);
  return redacted === value ? otherwise(value) : redacted;
}

const EMAIL = /[^\s@"'<>()=&,;:/?\\[\]]{1,64}@[^\s@"'<>()=&,;:/?\\[\]]{1,253}\.\p{L}{2,63}/u;
const EMAIL_ALONE = new RegExp(`^${EMAIL.source}$`, "u");

/** The shapes that are searched for in a text; at each place the first match counts. */
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

/** Redacts a text by its shapes alone. */
export function redactText(text: string, context: RedactionContext): string {
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

const REPLACE: Readonly<Record<Shape, (found: string, context: RedactionContext) => string>> = {
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

/** The text of a JSON string, given without its quotation marks. */
function parsedText(escaped: string): string {
  try {
    return String(JSON.parse(`"${escaped}"`));
  } catch {
    return escaped;
  }
}

/** Redacts a run of letters and digits: an id or a token, unless it reads as a word or a time. */
function redactRun(run: string, context: RedactionContext): string {
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
