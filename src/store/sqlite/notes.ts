import type { NoteChange } from "../port/notes.ts";
import { NOTE } from "../tables.ts";
import type { Statements } from "./statements.ts";

/** Runs inside a transaction. */
export function changeNotes(sql: Statements, changes: readonly NoteChange[]): boolean {
  const isCurrent = ({ kind, key, version }: NoteChange) =>
    (sql.noteVersion.one(kind, key)?.version ?? 0) === version;
  if (!changes.every(isCurrent)) return false;
  for (const { value, version, ...place } of changes) {
    if (value === null) sql.removeNote.run(place.kind, place.key);
    else sql.setNote.run(...NOTE.encode({ ...place, value, version: version + 1 }));
  }
  return true;
}
