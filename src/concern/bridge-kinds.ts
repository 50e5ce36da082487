import type { KindDefinition } from "./kinds.ts";

/** Concerns about the machine that the bridge runs on. */
export const BRIDGE_KINDS = {
  clock_jumped: {
    severity: "warning",
    sentence: "The clock of the bridge went {direction} by {length} at {at}.",
    advice:
      "See that the machine synchronises its time, and that only one program sets it. Due times, leases and the age of signatures depend on it.",
    command: null,
    ends: "a day without a jump",
    named: "at once, for jumps of at least 10 seconds",
  },
  disk_low: {
    severity: "critical",
    sentence:
      "The disk of the store has {free} free; a day takes {day}, and at least {reserve} should stay free.",
    advice:
      "Make room, or shorten `retention`. When the disk is full, providers get 503 and repeat their posts for a while.",
    command: null,
    ends: "more free space than a day takes",
    named: "as soon as less is free than a day takes",
  },
} as const satisfies Record<string, KindDefinition>;
