import { z } from "zod";
import type { Episode, Episodes } from "../concern/episodes.ts";
import type { NoteChange, Notes } from "../store/port/notes.ts";

/** Episodes of concerns as notes, by the id of the concern. */

const KIND = "concern";

/** Whole: an earlier run of this program noted it, and nothing of it is chosen here. */
const Noted = z.custom<Episode>(
  (value) =>
    z
      .looseObject({
        concern: z.looseObject({ id: z.string(), severity: z.string(), subject: z.looseObject({}) }),
        begunAt: z.int(),
        changes: z.int(),
        alerts: z.array(z.string()),
        untold: z.array(z.looseObject({ number: z.int(), alert: z.string() })),
      })
      .safeParse(value).success,
);

export interface EpisodeNotes {
  episodes: Episodes;
  /** Saves the changed ones; null removes one. False: another has changed one of them meanwhile. */
  save(after: ReadonlyMap<string, Episode | null>): Promise<boolean>;
}

export async function readEpisodes(store: Notes): Promise<EpisodeNotes> {
  const notes = await store.notes(KIND);
  const versions = new Map(notes.map(({ key, version }) => [key, version]));
  const episodes = new Map<string, Episode>();
  for (const { key, value } of notes) {
    const { data } = Noted.safeParse(value);
    if (data) episodes.set(key, data);
  }
  return {
    episodes,
    async save(after) {
      const changes: NoteChange[] = [];
      for (const [key, value] of after) {
        const before = episodes.get(key) ?? null;
        if (JSON.stringify(before) === JSON.stringify(value)) continue;
        changes.push({ kind: KIND, key, version: versions.get(key) ?? 0, value: value && { ...value } });
      }
      if (changes.length === 0) return true;
      if (!(await store.changeNotes(changes))) return false;
      for (const { key, version, value } of changes) {
        if (value === null) versions.delete(key);
        else versions.set(key, version + 1);
        const episode = after.get(key);
        if (episode) episodes.set(key, episode);
        else episodes.delete(key);
      }
      return true;
    },
  };
}
