import { kindOf, kindWithin, type ValueKind } from "./names.ts";
import { type RedactionContext, redactMember, redactNumber, redactText } from "./text.ts";

/** Removes personal data and credentials from JSON at any depth, also from JSON within texts. */
export function redactValue(
  value: unknown,
  context: RedactionContext,
  name = "",
  within: ValueKind | null = null,
): unknown {
  if (Array.isArray(value)) return value.map((item) => redactValue(item, context, name, within));
  if (typeof value === "object" && value !== null)
    return redactObject({ ...value }, context, within ?? kindWithin(name));
  if (typeof value === "number") return redactNumber(name, value, context, within);
  return typeof value === "string" ? redactString(name, value, context, within) : value;
}

/** In `{ name: api_key, value: … }` the value is an API key. */
function redactObject(members: Record<string, unknown>, context: RedactionContext, within: ValueKind | null) {
  const label = ["name", "key", "field", "label", "fieldName"].map((key) => members[key]).find(isText);
  return Object.fromEntries(
    Object.entries(members).map(([key, inner]) => {
      const named =
        label !== undefined && /^(?:value|values|content|text)$/i.test(key) && kindOf(label) !== null;
      return [redactText(key, context), redactValue(inner, context, named ? label : key, within)];
    }),
  );
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

/** Redacts a text, or the JSON in it. */
export function redactString(
  name: string,
  text: string,
  context: RedactionContext,
  within: ValueKind | null = null,
): string {
  const json = /^\s*[[{"]/.test(text) ? parseJson(text) : undefined;
  if (json === undefined) return redactMember(name, text, context, within);
  return JSON.stringify(redactValue(json, context, name, within ?? kindWithin(name)));
}

/** Undefined: not JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
