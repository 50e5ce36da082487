import { z } from "zod";
import { ConfigFile } from "../src/config/schema.ts";
import { code, table } from "./markdown.ts";
import { type Schema, schemaOf, typeOf } from "./schema-words.ts";

/**
 * The tables of docs/configuration.md: each key with its type, default and meaning, as the schema has them.
 */

/**
 * Sections that have a table of their own, by the path of their keys; the others stand in the table around
 * them.
 */
const TABLES: Readonly<Record<string, string>> = {
  top: "",
  server: "server",
  admin: "admin",
  token: "admin.tokens.<name>",
  source: "sources.<name>",
  channel: "sources.<name>.channels.<name>",
  destination: "destinations.<name>",
  alert: "alerts.<name>",
};

/** By the name of the table. */
export function configurationTables(): ReadonlyMap<string, string> {
  const whole = z.toJSONSchema(ConfigFile, { io: "input", reused: "inline" });
  const apart = new Set(Object.values(TABLES));
  return new Map(
    Object.entries(TABLES).map(([name, path]) => {
      const rows = rowsOf(schemaAt(whole, path), path, apart);
      return [name, table(["key", "type", "default", "meaning"], rows)];
    }),
  );
}

function schemaAt(whole: Schema, path: string): Schema {
  const keys = path === "" ? [] : path.split(".");
  return keys.reduce((schema, key) => {
    return schemaOf(key === "<name>" ? schema.additionalProperties : schema.properties?.[key]);
  }, whole);
}

/**
 * A row for each key; keys of a section without a table of its own follow their section, as `breaker.pause`.
 */
function rowsOf(schema: Schema, path: string, apart: ReadonlySet<string>, prefix = ""): string[][] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, value]) => {
    if (typeof value !== "object") return [];
    const shown = prefix + key;
    const below = path === "" ? key : `${path}.${key}`;
    const isRequired = schema.required?.includes(key) === true && value.default === undefined;
    if (value.description === undefined && value.properties === undefined)
      throw new Error(`${below} of the configuration has no description`);
    const row = [code(shown), typeOf(value), defaultOf(value, isRequired), value.description ?? ""];
    if (apart.has(below) || value.properties === undefined) return [row];
    return [row, ...rowsOf(value, below, apart, `${shown}.`)];
  });
}

function defaultOf(schema: Schema, isRequired: boolean): string {
  if (isRequired) return "required";
  if (schema.default === undefined || isEmptySection(schema)) return "–";
  return code(JSON.stringify(schema.default).replace(/^"(.+)"$/, "$1"));
}

const isEmptySection = ({ default: value }: Schema) => JSON.stringify(value) === "{}";
