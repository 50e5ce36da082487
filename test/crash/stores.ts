import { startOwnPostgres } from "../support/own-postgres.ts";

/** The stores of a bridge, each as it is meant to be used. */
export const STORE_NAMES = ["sqlite", "lowdb", "postgres"] as const;
export type StoreName = (typeof STORE_NAMES)[number];

/** A store for one run. */
export interface Place {
  /** As in the configuration. */
  store: string;
  /** The number of bridges that share it. */
  nodes: number;
  /** The folder with its files. Null: that of the configuration. */
  folder: string | null;
  close(options: { keep: boolean }): Promise<void>;
}

/** @throws Error: the store cannot be had on this machine. */
export async function openPlace(name: StoreName): Promise<Place> {
  if (name === "postgres") {
    const { url, folder, stop } = await startOwnPostgres();
    return { store: url, nodes: 3, folder, close: stop };
  }
  return { store: `${name}:./countersign.${FILES[name]}`, nodes: 1, folder: null, close: async () => {} };
}

const FILES = { sqlite: "db", lowdb: "json" };

/**
 * The number of posts that may begin each time that a bridge is ready. A lowdb store ends at 10,000 events,
 * and a post reports up to two dozen.
 */
export function postsPerKill(name: StoreName, kills: number): number {
  return name === "lowdb" ? Math.max(1, Math.min(30, Math.floor(3_000 / kills))) : 60;
}
