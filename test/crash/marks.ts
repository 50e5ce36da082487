import { renameSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Chance } from "../../src/simulate/chance.ts";
import { comesTrue, countInShadow, reload } from "./admin.ts";
import type { Node } from "./nodes.ts";

/**
 * Puts channels into the shadow and takes them out again, while the nodes are under load and are killed: by
 * reloads, and by starts with another configuration than before.
 */
export interface Marks {
  /** Ends the changes, takes all channels out, and waits until nothing is in the shadow any more. */
  end(): Promise<void>;
}

/** The shortest and the longest time between two changes, in milliseconds. */
const PAUSE_MS = [100, 600] as const;
/** How long the release of what is in the shadow may take. */
const LIMIT_MS = 60_000;

export function changeMarks(
  chance: Chance,
  nodes: readonly Node[],
  /** Writes the configuration of a node. */
  place: (node: number, shadow: boolean) => void,
): Marks {
  let isOver = false;

  async function change(): Promise<void> {
    while (!isOver) {
      await sleep(chance.int(...PAUSE_MS));
      const shadow = chance.happens(0.6);
      nodes.forEach((_, index) => {
        place(index, shadow);
      });
      // A node that is starting or dead reads the file at its start.
      await Promise.all(nodes.map(({ adminUrl }) => reload(adminUrl).catch(() => {})));
    }
  }

  const changing = change();
  return {
    async end() {
      isOver = true;
      await changing;
      nodes.forEach((_, index) => {
        place(index, false);
      });
      await Promise.all(nodes.map(({ adminUrl }) => reload(adminUrl)));
      const [{ adminUrl }] = nodes as [Node];
      await comesTrue(async () => (await countInShadow(adminUrl)) === 0, LIMIT_MS);
    },
  };
}

/** A process that reads it at this moment finds the old text or the new one. */
export function writeWhole(file: string, text: string): void {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}
