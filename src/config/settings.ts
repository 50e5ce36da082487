import { hash } from "node:crypto";
import { z } from "zod";
import { isPlainObject } from "../domain/plain-object.ts";
import { entriesOf, type YamlFile } from "../yaml.ts";
import { ConfigFile } from "./schema.ts";

/** The settings of a configuration one by one, as a person may see them: without secrets. */

export interface Setting {
  /** Such as `destinations.crm.timeout`. */
  name: string;
  /** As written, or the default; null: it is or may be a secret, and is not told. */
  value: string | null;
  /** Where it stands; null: the file leaves it to the default. */
  place: { file: string; line: number } | null;
  /** The environment's variable that it comes from, as in `${NAME}`; null: it stands in the file. */
  origin: string | null;
  /** Tells two values apart, also of a secret. Not for people. */
  digest: string;
}

/** Settings whose values are no secret by what they are; any other is not shown. */
const OPEN: ReadonlySet<string> = new Set([
  ...["host", "hosts", "port", "basePath", "maxBody", "maxValues", "maxBytesInFlight", "maxConnections"],
  ...["idleTimeout", "stallTimeout", "requestTimeout", "name", "console", "proxied", "right", "mapping"],
  ...["coalesce", "expectEvery", "maxAge", "requireSignature", "certificate", "verify", "allowed"],
  ...["network", "format", "contentType", "events", "sources", "channels", "tags", "test", "paused"],
  ...["retry", "parkOn", "ordering", "timeout", "concurrency", "rate", "waitingLimit", "failures", "pause"],
  ...["longest", "header", "hash", "encoding", "prefix", "ca", "cert", "stuckAfter", "privateNames"],
  ...["typePrefix", "level", "keep", "severity", "quietHours", "details", "shutdown"],
  ...["shadow", "standby", "batch", "tolerance", "coverage", "minPairs", "minWindow", "validFor"],
  ...["relativeToNoise", "ignore", "documents", "drain"],
]);

/** Every setting of the file, and the defaults of those that it leaves out; in the order of the schema. */
export function settingsOf(yaml: YamlFile): readonly Setting[] {
  return settingsAt(schemaOf(), yaml.value, [], yaml);
}

type Schema = z.core.JSONSchema.BaseSchema;

let known: Schema | null = null;

function schemaOf(): Schema {
  known ??= z.toJSONSchema(ConfigFile, { io: "input" });
  return known;
}

function settingsAt(schema: Schema, value: unknown, path: readonly string[], yaml: YamlFile): Setting[] {
  if (!isPlainObject(value)) return [settingAt(path, value, yaml)];
  const properties = propertiesOf(schema);
  const given = entriesOf(value);
  const names = new Set([...Object.keys(properties), ...Object.keys(given)]);
  return [...names].flatMap((name) => {
    const inner = properties[name] ?? othersOf(schema);
    const below = [...path, name];
    if (name in given) return settingsAt(inner, given[name], below, yaml);
    if (inner.default === undefined) return [];
    if (isPlainObject(inner.default)) return settingsAt(inner, inner.default, below, yaml);
    return [settingAt(below, inner.default, yaml)];
  });
}

/** Of a choice of forms, the one that has members. */
function propertiesOf({ properties, anyOf = [] }: Schema): Readonly<Record<string, Schema>> {
  return (properties ??
    anyOf.find((one) => typeof one === "object" && one.properties)?.properties ??
    {}) as Record<string, Schema>;
}

function othersOf({ additionalProperties }: Schema): Schema {
  return typeof additionalProperties === "object" ? additionalProperties : {};
}

function settingAt(path: readonly string[], value: unknown, yaml: YamlFile): Setting {
  const isGiven = path.reduce<unknown>((around, key) => entriesOf(around)[key], yaml.value) !== undefined;
  const { file, line } = yaml.positionOf(path);
  return {
    name: path.join("."),
    value: shownOf(path, value),
    place: isGiven ? { file, line } : null,
    origin: yaml.substitutionAt(path)?.origin ?? null,
    digest: hash("sha256", JSON.stringify(value) ?? ""),
  };
}

/** Null: it is not shown. */
function shownOf(path: readonly string[], value: unknown): string | null {
  const [section, , key] = path;
  const last = path.at(-1) ?? "";
  if (section === "store" && path.length === 1) return withoutPassword(String(value));
  if (last === "url") return section === "alerts" ? originOf(value) : addressOf(value);
  if (last === "proxy") return originOf(value);
  // Names of headers are chosen freely, and may be any of the words above.
  if (key === "headers" || path.includes("auth") || path.includes("headers")) return null;
  if (section === "retention" || path.includes("references") || OPEN.has(last)) return textOf(value);
  return null;
}

function textOf(value: unknown): string {
  return Array.isArray(value) ? value.map(textOf).join(", ") : String(value);
}

/** A webhook's path may be its credential. */
function originOf(value: unknown): string {
  return typeof value === "string" && URL.canParse(value) ? new URL(value).origin : "";
}

function addressOf(value: unknown): string {
  if (typeof value !== "string" || !URL.canParse(value)) return "";
  const { origin, pathname, search } = new URL(value);
  return `${origin}${pathname}${search === "" ? "" : "?…"}`;
}

function withoutPassword(store: string): string {
  if (!store.startsWith("postgres") || !URL.canParse(store)) return store;
  const url = new URL(store);
  return `${url.protocol}//${url.username === "" ? "" : `${url.username}@`}${url.host}${url.pathname}`;
}
