import type { KindDefinition } from "./kinds.ts";

/** Concerns about a change from one channel to another. */
export const PARITY_KINDS = {
  parity_failed: {
    severity: "warning",
    sentence:
      "The newest parity report of {source}, of {at}, failed: {findings} unexplained or unsafe, so its old channel cannot be switched off yet.",
    advice:
      "`countersign parity` with the channels of that report names each. Find out with `countersign explain` what became of them; accept with a reason what is no loss.",
    command: "countersign parity --help",
    ends: "a report of the source that passes, or 14 days without a newer one",
    named: "at once",
  },
} as const satisfies Record<string, KindDefinition>;
