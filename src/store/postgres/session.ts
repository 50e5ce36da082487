import type { Writable } from "node:stream";
import type { ClientBase } from "pg";
import type { CountersignError } from "../../domain/errors.ts";
import { storableText } from "../../domain/text.ts";
import type { Dialect, Session, Value } from "../sql/session.ts";
import { runCounted } from "./backlog.ts";
import { asFault, isAborted } from "./errors.ts";
import { given, insertion, insertRows } from "./given.ts";
import { TALLY_STRIPES } from "./tallies.ts";

export type { Session };

/** A statement as the server parses it. */
interface Prepared {
  /** Each connection parses a text once, under this name. */
  name: string;
  /** With `$1`, `$2` … for `?`. */
  text: string;
}

const prepared = new Map<string, Prepared>();

function prepare(text: string): Prepared {
  const known = prepared.get(text);
  if (known) return known;
  let n = 0;
  const numbered = text.replaceAll("?", () => `$${++n}`);
  const statement = { name: `countersign_${prepared.size}`, text: numbered };
  prepared.set(text, statement);
  return statement;
}

/**
 * A connection inside a transaction, or the pool for statements of their own. Calls that are not waited for
 * are sent one behind the other. A hot statement may say `$1`, `$2` … itself, to use a value twice.
 *
 * With `plansAnew` every call gets a plan for its own values and the present tables: for lists, of which
 * there are many and few are asked for, and whose best index depends on the values.
 *
 * @throws CountersignError `store_unavailable` for every fault of the database. Of statements sent one behind
 * the other in a transaction, each after the one that failed throws that one's fault: it is the cause.
 */
export function createSession(
  client: Pick<ClientBase, "query">,
  { plansAnew } = { plansAnew: false },
): Session {
  let first: CountersignError | null = null;
  const gather = gathering(client);
  const query = async (text: string, values: readonly Value[]) => {
    gather();
    const { name, text: numbered } = prepare(text);
    const given = { text: numbered, values: values.map(storable) };
    try {
      return await client.query(plansAnew ? given : { name, ...given });
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
    dialect: POSTGRES,
  };
}

/** The part of a connection that is not in the types of `pg`. */
interface Connected {
  connection?: { stream?: Pick<Writable, "cork" | "uncork"> };
}

/** Statements of one turn are sent as one: a write to the server costs as much as a short statement. */
function gathering(client: object): () => void {
  const stream = (client as Connected).connection?.stream;
  let isDue = false;
  return () => {
    if (!stream || isDue) return;
    isDue = true;
    stream.cork();
    process.nextTick(() => {
      isDue = false;
      stream.uncork();
    });
  };
}

const POSTGRES: Dialect = {
  isPostgres: true,
  bytewise: ' collate "C"',
  given,
  async insert(session, table, columns, rows) {
    const into = table === "tallies" ? TALLY_STRIPES : table;
    if (table !== "deliveries") return void (await insertRows(session, into, columns, rows));
    const { text, values } = insertion(table, columns, rows);
    const opened = "case when due_at is null then 0 else 1 end as opened";
    await runCounted(session, `${text} returning destination, ${opened}`, values);
  },
};

function storable(value: Value): Value {
  if (typeof value === "string") return storableText(value);
  return isList(value) ? value.map((one) => (typeof one === "string" ? storableText(one) : one)) : value;
}

function isList(value: Value): value is Extract<Value, readonly unknown[]> {
  return Array.isArray(value);
}
