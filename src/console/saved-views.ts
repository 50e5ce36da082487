import { z } from "zod";
import { createNoted } from "../store/noted.ts";
import type { Notes } from "../store/port/notes.ts";

/** Filters of lists that somebody gave a name, for everybody who uses the console. */

export const LISTS = [
  "/documents",
  "/events",
  "/deliveries",
  "/requests",
  "/requests/refused",
  "/audit",
] as const;
export type ListPath = (typeof LISTS)[number];

export const MAX_VIEW_NAME_LENGTH = 60;

const SavedView = z.strictObject({
  path: z.enum(LISTS),
  name: z.string(),
  /** What follows the path in the address, without its `?`. */
  query: z.string(),
  /** Who saved it, as the audit names them. */
  by: z.string(),
  /** Milliseconds since 1970. */
  at: z.int(),
});
export type SavedView = z.infer<typeof SavedView>;

/** Of one list. More would be a list of its own. */
export const MAX_VIEWS = 30;

export interface SavedViews {
  /** Sorted by name. */
  all(): Promise<readonly SavedView[]>;
  /** One of the same name and list is replaced. False: the list has `MAX_VIEWS` others. */
  save(view: Omit<SavedView, "at">): Promise<boolean>;
  /** False: there is none. */
  remove(path: ListPath, name: string): Promise<boolean>;
}

export function createSavedViews({ store, now }: { store: Notes; now(): number }): SavedViews {
  const noted = createNoted(store, "saved_view", SavedView);
  const keyOf = ({ path, name }: Pick<SavedView, "path" | "name">) => `${path} ${name}`;

  async function all(): Promise<readonly SavedView[]> {
    const views = (await noted.all()).map(({ value }) => value);
    return views.sort((one, other) => one.name.localeCompare(other.name, "en"));
  }

  return {
    all,
    async save(view) {
      const others = (await all()).filter((one) => one.path === view.path && one.name !== view.name);
      if (others.length >= MAX_VIEWS) return false;
      await noted.change(keyOf(view), () => ({ ...view, at: now() }));
      return true;
    },
    async remove(path, name) {
      const isThere = (await all()).some((one) => one.path === path && one.name === name);
      if (isThere) await noted.change(keyOf({ path, name }), () => null);
      return isThere;
    },
  };
}
