/**
 * What the bridge notes of itself over restarts: a few hundred values at most, none of a document or a
 * person. Which kinds there are, and what their values are like, is the business of those who note them.
 */
export interface Note {
  kind: string;
  /** Of which no two notes of a kind have the same. */
  key: string;
  /** Grows with each change, from 1. */
  version: number;
  value: Readonly<Record<string, unknown>>;
}

export interface NoteChange extends Pick<Note, "kind" | "key"> {
  /** The version that is changed; 0: there is no such note yet. */
  version: number;
  /** Null: the note is removed. */
  value: Note["value"] | null;
}

export interface Notes {
  /** All of a kind, sorted by key. */
  notes(kind: string): Promise<readonly Note[]>;
  /**
   * Makes all changes or none. False: another has changed one of the notes meanwhile, so nothing was changed.
   */
  changeNotes(changes: readonly NoteChange[]): Promise<boolean>;
}
