/**
 * Takes what is personal or secret out of a captured request, so that it can be a test. The same value is always replaced by the
 * same stand-in, so what belonged together still does; the signature is no longer good, and is left out.
 */

const KEPT_HEADERS = ["content-type", "user-agent", "accept"];

export function redactHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => KEPT_HEADERS.includes(name)));
}

const EMAIL = /[^\s@"'<>()=&,;:]+@[^\s@"'<>()=&,;:]+\.[a-z]{2,}/gi;
const TOKEN = /((?:token|key|secret|signature|password)=)[^&"'\s]+/gi;
/** Members whose value is a person's, or a document's title. */
const PERSONAL =
  /^(?:.*name|title|firstname|lastname|subject|phone.*|message|details_url|rejectreason|tag\d*|signed)$/i;

/** JSON and forms are read and written again; anything else keeps its shape, without addresses and tokens. */
export function redactBody(body: Uint8Array): Buffer {
  const text = Buffer.from(body).toString("utf8");
  const standIns = createStandIns();
  return Buffer.from(redactJson(text, standIns) ?? redactForm(text, standIns) ?? redactText(text, standIns));
}

interface StandIns {
  email(address: string): string;
  text(value: string): string;
}

function createStandIns(): StandIns {
  const emails = new Map<string, string>();
  const texts = new Map<string, string>();
  const remember = (map: Map<string, string>, key: string, make: (n: number) => string) => {
    const known = map.get(key) ?? make(map.size + 1);
    map.set(key, known);
    return known;
  };
  return {
    email: (address) => remember(emails, address.toLowerCase(), (n) => `person${n}@example.com`),
    text: (value) => remember(texts, value, (n) => `Redacted ${n}`),
  };
}

function redactJson(text: string, standIns: StandIns): string | null {
  try {
    return JSON.stringify(redactValue(JSON.parse(text), standIns));
  } catch {
    return null;
  }
}

function redactValue(value: unknown, standIns: StandIns, name = ""): unknown {
  if (Array.isArray(value)) return value.map((item) => redactValue(item, standIns, name));
  if (typeof value === "object" && value !== null) {
    const isStatusName = Object.hasOwn(value, "value") && Object.hasOwn(value, "resource_uri");
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [
        key,
        isStatusName && key === "name" ? inner : redactValue(inner, standIns, key),
      ]),
    );
  }
  return typeof value === "string" ? redactMember(name, value, standIns) : value;
}

function redactMember(name: string, value: string, standIns: StandIns): string {
  if (value === "") return value;
  return PERSONAL.test(name) ? standIns.text(value) : redactText(value, standIns);
}

/** Null: it is no form. */
function redactForm(text: string, standIns: StandIns): string | null {
  if (!/^[\w.[\]%+-]+=/.test(text)) return null;
  const fields = [...new URLSearchParams(text)].map(([name, value]): [string, string] => [
    name,
    redactJson(value, standIns) ?? redactMember(name, value, standIns),
  ]);
  return new URLSearchParams(fields).toString();
}

function redactText(text: string, standIns: StandIns): string {
  return text.replace(EMAIL, standIns.email).replace(TOKEN, "$1redacted");
}
