import { z } from "zod";
import type { Destination } from "../outbound/destination.ts";
import { fingerprintOf } from "../outbound/sign.ts";
import { createNoted } from "../store/noted.ts";
import type { Notes } from "../store/port/notes.ts";

const Seen = z.strictObject({ at: z.int() });

/** Many years of changing secrets. */
const MAX_NOTES = 500;

export type SeenSince = (destination: string, fingerprint: string) => number | null;

/** Since when each destination signs with each of its secrets. Only fingerprints are noted. */
export interface SecretAges {
  /** Notes secrets that were not there before. Looks at the store only when there are some. */
  note(destinations: readonly Pick<Destination, "name" | "secrets" | "alsoSign">[]): Promise<void>;
  /** Tells when a secret of a destination was first seen, milliseconds since 1970; null: not yet. */
  since(): Promise<SeenSince>;
}

export function createSecretAges(store: Notes, now: () => number): SecretAges {
  const noted = createNoted(store, "secret_seen", Seen);
  let last = new Set<string>();

  async function seen(): Promise<ReadonlyMap<string, number>> {
    return new Map((await noted.all()).map(({ key, value }) => [key, value.at]));
  }

  return {
    async since() {
      const known = await seen();
      return (destination, fingerprint) => known.get(keyOf(destination, fingerprint)) ?? null;
    },
    async note(destinations) {
      const inUse = new Set(destinations.flatMap(keysOf));
      if ([...inUse].every((key) => last.has(key))) return;
      const known = await seen();
      const at = now();
      for (const key of inUse) if (!known.has(key)) await noted.change(key, (other) => other ?? { at });
      const old = [...known].filter(([key]) => !inUse.has(key)).sort(([, one], [, other]) => one - other);
      const tooMany = Math.max(0, known.size - MAX_NOTES);
      for (const [key] of old.slice(0, tooMany)) await noted.change(key, () => null);
      last = inUse;
    },
  };
}

function keyOf(destination: string, fingerprint: string): string {
  return `${destination}/${fingerprint}`;
}

function keysOf({ name, secrets, alsoSign }: Pick<Destination, "name" | "secrets" | "alsoSign">): string[] {
  const all = alsoSign ? [...secrets, alsoSign.secret] : secrets;
  return all.map((secret) => keyOf(name, fingerprintOf(secret)));
}
