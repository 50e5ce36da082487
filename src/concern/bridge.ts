import { formatMoment } from "../domain/moment.ts";
import type { Concern } from "./concern.ts";
import { raise } from "./raise.ts";
import type { Situation } from "./situation.ts";
import { DAY_MS, inWords, sizeInWords } from "./words.ts";

/** The machine of the bridge: its clock and its disk. */
export function bridgeConcerns(situation: Situation): Concern[] {
  return [...clockJumped(situation), ...diskLow(situation)];
}

const MIN_JUMP_MS = 10_000;
const JUMP_LASTS_MS = DAY_MS;

function clockJumped({ clockJumps, now }: Situation): Concern[] {
  const jumps = clockJumps.filter(({ at, by }) => Math.abs(by) >= MIN_JUMP_MS && now - at < JUMP_LASTS_MS);
  const [first] = jumps;
  const last = jumps.at(-1);
  if (!first || !last) return [];
  return [
    raise("clock_jumped", {
      subject: {},
      since: first.at,
      count: jumps.length,
      facts: {
        direction: last.by > 0 ? "forward" : "back",
        length: inWords(Math.abs(last.by)),
        at: formatMoment(last.at),
      },
    }),
  ];
}

/** For logs, copies and what the database writes beside its file. */
const RESERVE_BYTES = 100 * 1_024 ** 2;

function diskLow({ disk }: Situation): Concern[] {
  if (disk === null || disk.freeBytes >= Math.max(disk.bytesPerDay, RESERVE_BYTES)) return [];
  return [
    raise("disk_low", {
      subject: {},
      since: disk.at,
      facts: {
        free: sizeInWords(disk.freeBytes),
        day: sizeInWords(disk.bytesPerDay),
        reserve: sizeInWords(RESERVE_BYTES),
      },
    }),
  ];
}
