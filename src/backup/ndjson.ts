import { z } from "zod";
import { CountersignError } from "../domain/errors.ts";
import { type Rows, TABLES, type Table } from "../store/rows.ts";
import { ROW_SCHEMAS } from "./row-schema.ts";

/**
 * The lines of an export, one JSON object each: a header, every row of every table in the order of `TABLES`,
 * and a footer, without which it is not whole. The same over all stores.
 */

/** How lines are made. */
const EXPORT_VERSION = 1;
/** What rows hold: of a later schema, what is new would be lost. */
const SCHEMA_VERSION = 3;

export interface Header {
  /** When the export began, milliseconds since 1970. */
  at: number;
  /** How many rows each table had then. */
  rows: Readonly<Record<Table, number>>;
}

/** A row, and the table that it is of. */
export type RowOf<T extends Table> = { table: T; row: Rows[T] };

export type AnyRow = { [T in Table]: RowOf<T> }[Table];

export type Line = { kind: "row"; of: AnyRow } | { kind: "footer"; rows: number };

const count = z.int().nonnegative();
const HeaderLine = z.strictObject({
  countersign: z.literal("export"),
  version: z.literal(EXPORT_VERSION),
  schema: z.int().min(1).max(SCHEMA_VERSION),
  at: z.iso.datetime(),
  // Of an earlier schema a table may be missing.
  rows: z.partialRecord(z.enum(TABLES), count),
});
const FooterLine = z.strictObject({ end: z.literal(true), rows: count });
const Versions = z.looseObject({ countersign: z.literal("export"), version: z.int(), schema: z.int() });

export function headerLine({ at, rows }: Header): string {
  const header = {
    countersign: "export",
    version: EXPORT_VERSION,
    schema: SCHEMA_VERSION,
    at: new Date(at).toISOString(),
  };
  return toLine({ ...header, rows: Object.fromEntries(TABLES.map((table) => [table, rows[table]])) });
}

export function rowLine<T extends Table>(table: T, row: Rows[T]): string {
  return toLine({ table, row: inOrder(row) });
}

/** Keys sorted: equal rows are equal lines, whichever store they come from. */
function inOrder(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(inOrder);
  const source: Readonly<Record<string, unknown>> = { ...value };
  const sorted: Record<string, unknown> = Object.create(null);
  for (const key of Object.keys(source).sort()) sorted[key] = inOrder(source[key]);
  return sorted;
}

/** `rows` is how many stand before it. */
export function footerLine(rows: number): string {
  return toLine({ end: true, rows });
}

function toLine(value: object): string {
  return `${JSON.stringify(value)}\n`;
}

/** @throws CountersignError `bad_request` when it is none, or one of a newer version. */
export function parseHeader(line: string): Header {
  const value = parseJson(line);
  const versions = Versions.safeParse(value);
  if (!versions.success)
    throw refusal("line 1: this is no export of Countersign: it would begin with a header");
  const { version, schema } = versions.data;
  if (version > EXPORT_VERSION || schema > SCHEMA_VERSION) {
    throw refusal(
      `line 1: it was written by a newer Countersign (version ${version}, schema ${schema}; this one reads ${EXPORT_VERSION} and ${SCHEMA_VERSION}): import it with that one`,
    );
  }
  const header = check(HeaderLine.safeParse(value), 1);
  const rows = Object.fromEntries(TABLES.map((table) => [table, header.rows[table] ?? 0]));
  return { at: Date.parse(header.at), rows: rows as Header["rows"] };
}

/** How many rows it counts; null: it is none. */
export function parseFooter(line: string): number | null {
  return FooterLine.safeParse(parseJson(line)).data?.rows ?? null;
}

/**
 * A line behind the header; `number` counts from 1, the header.
 *
 * @throws CountersignError `bad_request` that names the line.
 */
export function parseLine(line: string, number: number): Line {
  const value = parseJson(line);
  if (typeof value !== "object" || value === null) throw refusal(`line ${number}: this is no JSON object`);
  if (!("end" in value)) return { kind: "row", of: checkRow(value, number) };
  return { kind: "footer", rows: check(FooterLine.safeParse(value), number).rows };
}

function checkRow(value: object, number: number): AnyRow {
  const { table, row, ...rest } = value as Readonly<Record<string, unknown>>;
  const known = TABLES.find((one) => one === table);
  if (!known) throw refusal(`line ${number}: \`table\` must be one of ${TABLES.join(", ")}`);
  const [more] = Object.keys(rest);
  if (more !== undefined) throw refusal(`line ${number}: \`${more}\` is not known here`);
  const { error } = ROW_SCHEMAS[known].safeParse(row);
  if (error) throw complaint(error.issues, number);
  return { table: known, row } as AnyRow;
}

function check<T>({ data, error }: z.ZodSafeParseResult<T>, number: number): T {
  if (error) throw complaint(error.issues, number);
  return data;
}

/** Its first is enough: what is wrong once is mostly wrong in the same way elsewhere. No value is shown. */
function complaint([issue]: readonly z.core.$ZodIssue[], number: number): CountersignError {
  const where = issue?.path.length ? ` at \`${issue.path.join(".")}\`` : "";
  return refusal(`line ${number}${where}: ${issue?.message ?? "it is not understood"}`);
}

/** Undefined: it is no JSON. */
function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function refusal(message: string): CountersignError {
  return new CountersignError("bad_request", message);
}
