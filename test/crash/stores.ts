import { startOwnPostgres } from "../support/own-postgres.ts";

/** The stores that a bridge can have, each as it is meant to be used. */
export const STORE_NAMES = ["sqlite", "lowdb", "postgres"] as const;
export type StoreName = (typeof STORE_NAMES)[number];

/** A store for one run. */
export interface Place {
  /** As in the configuration. */
  store: string;
  /** How many bridges share it. */
  nodes: number;
  /** Where to look at it afterwards; null: in the folder of the configuration. */
  folder: string | null;
  close(options: { keep: boolean }): Promise<void>;
}

/** Rejects where it cannot be had. */
export async function openPlace(name: StoreName): Promise<Place> {
  if (name === "postgres") {
    const { url, folder, stop } = await startOwnPostgres();
    return { store: url, nodes: 3, folder, close: stop };
  }
  return { store: `${name}:./countersign.${FILES[name]}`, nodes: 1, folder: null, close: async () => {} };
}

const FILES = { sqlite: "db", lowdb: "json" };

/**
 * How many posts may begin each time that a bridge is ready. A lowdb store ends at 10,000 events, and a post
 * tells up to two dozen.
 */
export function postsPerKill(name: StoreName, kills: number): number {
  return name === "lowdb" ? Math.max(1, Math.min(30, Math.floor(3_000 / kills))) : 60;
}
