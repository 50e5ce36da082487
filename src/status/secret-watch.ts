import { z } from "zod";
import type { OlderSecret } from "../concern/situation.ts";
import type { Channel } from "../inbound/channel.ts";
import { createNoted } from "../store/noted.ts";
import type { Notes } from "../store/port/notes.ts";

/** Channels whose secret is being changed, and whose requests match only the one before. */
export interface SecretWatch {
  /** Told of each genuine request to a channel with several secrets. Costs no look at the store. */
  matched(channel: Pick<Channel, "source" | "name">, byOlderSecret: boolean): void;
  /** By source and channel. Writes down first what was told since the last call. */
  olderSecrets(): Promise<ReadonlyMap<string, OlderSecret>>;
  /** The secrets of the channels may be others now. */
  forget(): void;
}

const Older = z.strictObject({ since: z.int(), newest: z.int() });

export function createSecretWatch(store: Notes, now: () => number): SecretWatch {
  const noted = createNoted(store, "older_secret", Older);
  /** Null: the newest secret matched, so the change is over. */
  let heard = new Map<string, OlderSecret | null>();
  let isForgotten = false;

  async function write(): Promise<void> {
    const told = heard;
    heard = new Map();
    if (isForgotten) for (const { key } of await noted.all()) await noted.change(key, () => null);
    isForgotten = false;
    for (const [key, older] of told)
      await noted.change(key, (known) => older && { ...older, since: known?.since ?? older.since });
  }

  return {
    matched({ source, name }, byOlderSecret) {
      const key = `${source}/${name}`;
      const at = now();
      heard.set(key, byOlderSecret ? { since: heard.get(key)?.since ?? at, newest: at } : null);
    },
    async olderSecrets() {
      await write();
      return new Map((await noted.all()).map(({ key, value }) => [key, value]));
    },
    forget() {
      heard = new Map();
      isForgotten = true;
    },
  };
}
