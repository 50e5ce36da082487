import type { Draft } from "../domain/draft.ts";
import { isOwnSignerId } from "../domain/identity.ts";
import { wordsColumn } from "./columns.ts";
import { longHashOf } from "./hash.ts";

/** Which rows list signers beside their document: some channels name a signer without its document. */
export interface ListedSigners {
  /** A signer without an id of the provider's is named after its document, and needs no link. */
  add(draft: Draft, row: number): void;
  /** The rows that list these signers, by the hashes of their subjects as one number. */
  find(wanted: ReadonlySet<number>): Map<number, number>;
}

/** A document's signers are listed in each of its posts: those seen lately are not remembered again. */
const RECENT = 2 ** 16;

export function createListedSigners(): ListedSigners {
  const [highs, lows, rows] = [wordsColumn(), wordsColumn(), wordsColumn()];
  const recent = new Uint32Array(RECENT);
  return {
    add({ document, signers }, row) {
      if (!document) return;
      for (const { id } of signers) {
        if (isOwnSignerId(id)) continue;
        const [high, low] = longHashOf(`signer:${id}`);
        if (recent[low % RECENT] === high) continue;
        recent[low % RECENT] = high;
        highs.push(high);
        lows.push(low);
        rows.push(row);
      }
    },
    find(wanted) {
      const found = new Map<number, number>();
      for (let index = 0; index < rows.length && found.size < wanted.size; index++) {
        const key = subjectKey(highs.at(index), lows.at(index));
        if (wanted.has(key) && !found.has(key)) found.set(key, rows.at(index));
      }
      return found;
    },
  };
}

/** Both hashes of a subject in one number: 53 bits of the 64. */
export function subjectKey(high: number, low: number): number {
  return (high & 0x1fffff) * 2 ** 32 + low;
}
