import { namesOf } from "../description.ts";
import type { Note } from "../port/notes.ts";
import { NOTE } from "../tables.ts";
import type { Session } from "./session.ts";

export async function notes(session: Session, kind: string): Promise<Note[]> {
  const rows = await session.rows(`select ${namesOf(NOTE.columns)} from notes where kind = ? order by key`, [
    kind,
  ]);
  return rows.map(NOTE.decode);
}
