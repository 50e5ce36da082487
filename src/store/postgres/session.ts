import type { ClientBase } from "pg";
import type { CountersignError } from "../../domain/errors.ts";
import { storableText } from "../../domain/text.ts";
import { asFault, isAborted } from "./errors.ts";

export type Scalar = string | number | boolean | Uint8Array | null;
export type Value = Scalar | readonly Scalar[];

/** Something that runs statements: a connection inside a transaction, or the pool for a statement of its own. */
export interface Session {
  /** The rows' shape is the schema's word, taken here and nowhere else. Calls that are not waited for are sent one behind the other. */
  rows<Row>(text: string, values?: readonly Value[]): Promise<Row[]>;
  /** How many rows were changed. */
  run(text: string, values?: readonly Value[]): Promise<number>;
}

const names = new Map<string, string>();

/** Every text has a name, so that each connection parses it once. */
function nameOf(text: string): string {
  const known = names.get(text);
  if (known) return known;
  const name = `countersign_${names.size}`;
  names.set(text, name);
  return name;
}

/**
 * @throws CountersignError `store_unavailable`, whatever the database complains of. Of statements that were sent one behind the
 * other in a transaction, each behind the one that failed says what was wrong with that one: it is the cause.
 */
export function createSession(client: Pick<ClientBase, "query">): Session {
  let first: CountersignError | null = null;
  const query = async (text: string, values: readonly Value[]) => {
    try {
      return await client.query({ name: nameOf(text), text, values: values.map(storable) });
    } catch (error) {
      const fault = first && isAborted(error) ? first : asFault(error);
      first ??= fault;
      throw fault;
    }
  };
  return {
    rows: async <Row>(text: string, values: readonly Value[] = []) =>
      (await query(text, values)).rows as Row[],
    run: async (text, values = []) => (await query(text, values)).rowCount ?? 0,
  };
}

function storable(value: Value): Value {
  if (typeof value === "string") return storableText(value);
  return isList(value) ? value.map((one) => (typeof one === "string" ? storableText(one) : one)) : value;
}

function isList(value: Value): value is readonly Scalar[] {
  return Array.isArray(value);
}

/** Rows turned into one array a column, for `unnest`: many rows in one statement, whose text never changes. */
export function columns(rows: readonly (readonly Scalar[])[], width: number): Scalar[][] {
  return Array.from({ length: width }, (_, i) => rows.map((row) => row[i] ?? null));
}
