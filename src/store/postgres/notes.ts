import type { NoteChange } from "../port/notes.ts";
import type { Session } from "./session.ts";

/** Thrown to undo the other changes of the transaction. */
class Overtaken extends Error {}

/** `transact` runs its work in a transaction, which an error undoes. */
export async function changeNotes(
  transact: (work: (session: Session) => Promise<void>) => Promise<void>,
  changes: readonly NoteChange[],
): Promise<boolean> {
  // In one order, so that two nodes never wait for each other.
  const sorted = changes.toSorted((one, other) => (placeOf(one) < placeOf(other) ? -1 : 1));
  try {
    await transact(async (session) => {
      for (const one of sorted) if ((await change(session, one)) !== 1) throw new Overtaken();
    });
    return true;
  } catch (error) {
    if (error instanceof Overtaken) return false;
    throw error;
  }
}

function placeOf({ kind, key }: NoteChange): string {
  return `${kind} ${key}`;
}

function change(session: Session, { kind, key, version, value }: NoteChange): Promise<number> {
  if (value === null)
    return session.run("delete from notes where kind = ? and key = ? and version = ?", [kind, key, version]);
  const text = JSON.stringify(value);
  if (version > 0) {
    const statement =
      "update notes set version = version + 1, value = ? where kind = ? and key = ? and version = ?";
    return session.run(statement, [text, kind, key, version]);
  }
  const statement =
    "insert into notes (kind, key, version, value) values (?, ?, 1, ?) on conflict do nothing";
  return session.run(statement, [kind, key, text]);
}
