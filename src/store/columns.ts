import { z } from "zod";

/**
 * The kinds of columns that tables.ts describes tables with. Each says how a value lies in a database, and
 * which values are accepted from outside of any store.
 */

/**
 * PostgreSQL's type, but for `bytes` (bytea, and blob in SQLite). SQLite stores the other numbers as
 * integers.
 */
export type ColumnType = "text" | "integer" | "bigint" | "bytes";

/** A value as a database driver takes and returns it. */
export type Scalar = string | number | Uint8Array | null;

/** A row as a database driver returns it. */
export type DbRow = Readonly<Record<string, unknown>>;

export interface Column {
  name: string;
  type: ColumnType;
  /** The expression that computes the column, which is not stored. */
  computed?: string;
  /** The same in PostgreSQL alone. */
  computedInPostgres?: string;
  /** SQLite stores the column in another table, of this name, under the position of the row. */
  apartInSqlite?: string;
}

/** One or more columns, and the value that they hold together. */
export interface Part<T> {
  columns: readonly Column[];
  /** What a value from outside of any store must be like. */
  shape: z.ZodType<T>;
  /** A value for each of the columns, in their order. */
  encode(value: T): readonly Scalar[];
  /** The same, added to a list: what is encoded for each request makes no list for each column. */
  encodeInto(values: Scalar[], value: T): void;
  /**
   * The row's columns must be among those that the part names. The schema is trusted to hold what it says.
   */
  decode(row: DbRow): T;
}

/** `encode` follows from the rest. */
function toPart<T>(given: Omit<Part<T>, "encode">): Part<T> {
  return {
    ...given,
    encode(value) {
      const values: Scalar[] = [];
      given.encodeInto(values, value);
      return values;
    },
  };
}

/** A part of one column. */
function single<T>(
  column: Column,
  shape: z.ZodType<T>,
  encode: (value: T) => Scalar,
  decode: (value: unknown) => T,
): Part<T> {
  const { name } = column;
  return toPart({
    columns: [column],
    shape,
    encodeInto: (values, value) => void values.push(encode(value)),
    decode: (row) => decode(row[name]),
  });
}

/** A column whose values lie in the database as they are. */
function plain<T extends Scalar>(column: Column, shape: z.ZodType<T>): Part<T> {
  return single(
    column,
    shape,
    (value) => value,
    (value) => value as T,
  );
}

export function text<T extends string = string>(
  name: string,
  shape?: z.ZodType<T>,
  more: Pick<Column, "computed"> = {},
): Part<T> {
  return plain<T>({ name, type: "text", ...more }, shape ?? (z.string() as unknown as z.ZodType<T>));
}

/** One of a list of words. */
export function oneOf<const T extends string>(name: string, words: readonly T[]): Part<T> {
  return text(name, z.enum(words) as unknown as z.ZodType<T>);
}

/** A count, 0 or more. */
export function count(name: string, more: Pick<Column, "computedInPostgres"> = {}): Part<number> {
  return plain({ name, type: "integer", ...more }, z.int().nonnegative());
}

/** Counted from 1. */
export function ordinal(name: string): Part<number> {
  return plain({ name, type: "integer" }, z.int().positive());
}

/** Any whole number that fits into 32 bits. */
export function integer(name: string, shape: z.ZodType<number> = z.int()): Part<number> {
  return plain({ name, type: "integer" }, shape);
}

/** Milliseconds, of a span of time or since 1970. */
export function milliseconds(name: string, shape: z.ZodType<number> = z.int()): Part<number> {
  return plain({ name, type: "bigint" }, shape);
}

/** Bytes; Base64 outside of the database. */
export function bytes(name: string, more: Pick<Column, "apartInSqlite"> = {}): Part<string> {
  return single(
    { name, type: "bytes", ...more },
    base64,
    (value) => Buffer.from(value, "base64"),
    (value) => Buffer.from(value as Uint8Array).toString("base64"),
  );
}

/** Such a text is long, and a pattern with groups would be slow over it. */
const base64 = z
  .string()
  .refine((value) => value.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(value), "is not base64");

/** Any value, as JSON. */
export function json<T>(name: string, shape: z.ZodType<T>): Part<T> {
  return single(
    { name, type: "text" },
    shape,
    (value) => JSON.stringify(value),
    (value) => JSON.parse(value as string),
  );
}

/** A list as JSON; an empty one as null, so that an index can leave it out. */
export function jsonUnlessEmpty<T>(name: string, shape: z.ZodType<readonly T[]>): Part<readonly T[]> {
  return single(
    { name, type: "text" },
    shape,
    (value) => (value.length === 0 ? null : JSON.stringify(value)),
    (value) => (value === null ? [] : JSON.parse(value as string)),
  );
}

/** The same part of one column, or null. */
export function nullable<T>(part: Part<T>): Part<T | null> {
  const name = part.columns[0]?.name ?? "";
  return toPart({
    columns: part.columns,
    shape: part.shape.nullable(),
    encodeInto: (values, value) => (value === null ? void values.push(null) : part.encodeInto(values, value)),
    decode: (row) => (row[name] === null ? null : part.decode(row)),
  });
}

/** The same part of one column, whose value may be absent: then the property is, and the column is null. */
export function absentable<T>(part: Part<T>): Part<T | undefined> {
  const name = part.columns[0]?.name ?? "";
  return toPart({
    columns: part.columns,
    shape: part.shape.optional(),
    encodeInto: (values, value) =>
      value === undefined ? void values.push(null) : part.encodeInto(values, value),
    decode: (row) => (row[name] === null ? undefined : part.decode(row)),
  });
}

/** The same part of one column, or null; absent from rows that an earlier version wrote. */
export function optional<T>(part: Part<T>): Part<T | null | undefined> {
  const { encodeInto, ...rest } = nullable(part);
  return toPart({
    ...rest,
    shape: rest.shape.optional(),
    encodeInto: (values, value) => encodeInto(values, value ?? null),
  });
}

/** An object whose properties are parts. */
export function group<T extends object>(parts: { readonly [K in keyof T]-?: Part<T[K]> }): Part<T> {
  const entries = Object.entries(parts) as [string, Part<unknown>][];
  const shapes = Object.fromEntries(entries.map(([property, { shape }]) => [property, shape]));
  return toPart({
    columns: entries.flatMap(([, { columns }]) => columns),
    shape: z.strictObject(shapes) as unknown as z.ZodType<T>,
    encodeInto(values, value) {
      for (const [property, part] of entries) part.encodeInto(values, value[property as keyof T]);
    },
    decode(row) {
      const value: Record<string, unknown> = {};
      for (const [property, part] of entries) {
        const decoded = part.decode(row);
        if (decoded !== undefined) value[property] = decoded;
      }
      return value as T;
    },
  });
}
