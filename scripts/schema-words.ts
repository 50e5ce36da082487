import type { z } from "zod";
import { code } from "./markdown.ts";

export type Schema = z.core.JSONSchema.BaseSchema;

/** What a value may be, in words, with its range. */
export function typeOf(schema: Schema): string {
  if (schema.title !== undefined) return schema.title;
  if (schema.anyOf) return schema.anyOf.map((one) => typeOf(schemaOf(one))).join(", or ");
  if (schema.enum) return schema.enum.map((value) => code(String(value))).join(", ");
  if (schema.const !== undefined) return code(String(schema.const));
  return wordsFor(schema);
}

function wordsFor(schema: Schema): string {
  const { minLength = 0 } = schema;
  const type: unknown = schema.type;
  if (Array.isArray(type)) return type.map((one) => typeOf({ ...schema, type: one })).join(", or ");
  switch (type) {
    case "null":
      return "null";
    case "boolean":
      return "true or false";
    case "integer":
      return `whole number${rangeOf(schema)}`;
    case "array":
      return `list of ${typeOf(schemaOf(schema.items))}${countOf(schema)}`;
    case "object":
      if (schema.properties) return "object";
      return `map of names to ${typeOf(schemaOf(schema.additionalProperties))}`;
    default:
      if (schema.format === "date-time") return "time";
      return minLength > 1 ? `text of at least ${minLength} characters` : "text";
  }
}

/** A schema within another; JSON Schema also allows true, and a list of them, which ours do not use. */
export function schemaOf(value: unknown): Schema {
  const isSchema = typeof value === "object" && value !== null && !Array.isArray(value);
  if (!isSchema) throw new Error(`${JSON.stringify(value)} is no schema of its own`);
  return { ...value };
}

function rangeOf({ minimum, maximum }: Schema): string {
  if (maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER)
    return ` from ${minimum ?? 0} to ${maximum}`;
  return minimum === undefined || minimum === Number.MIN_SAFE_INTEGER ? "" : ` of at least ${minimum}`;
}

function countOf({ minItems, maxItems }: Schema): string {
  if (maxItems !== undefined) return `, at most ${maxItems}`;
  return minItems === 1 ? ", not empty" : "";
}
