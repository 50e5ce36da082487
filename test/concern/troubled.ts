import type { ChannelSituation, Situation } from "../../src/concern/situation.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../src/concern/words.ts";
import {
  aBusyChannel,
  aChannel,
  aDestination,
  aSignerOf,
  aSituation,
  aSource,
  aStoredDocument,
  at,
  NOW,
} from "./situations.ts";

/** A situation with every kind of concern once. */
export function everyTrouble(): Situation {
  const legalesign = (name: string, until: string): ChannelSituation =>
    aBusyChannel({ until: at(until) }, { source: "legalesign", provider: "legalesign", name });
  return aSituation({
    sources: [aSource(), aSource({ name: "legalesign" })],
    channels: [
      aBusyChannel({ until: at("2026-02-25 10:59") }, { name: "silent" }),
      aChannel({
        name: "refused",
        refused: { count: 9, since: NOW - HOUR_MS, newest: NOW - MINUTE_MS, check: "token" },
      }),
      aChannel({ name: "unused", since: NOW - 2 * DAY_MS }),
      legalesign("batch", "2026-03-03 16:59"),
      legalesign("realtime", "2026-03-04 11:55"),
      aChannel({ name: "half-changed", olderSecret: { since: NOW - 2 * DAY_MS, newest: NOW } }),
      aChannel({
        name: "alone",
        newestGenuine: NOW,
        standby: {
          span: DAY_MS,
          alone: [{ type: "signer.signed", count: 2, first: NOW - 2 * HOUR_MS, expected: false }],
        },
      }),
      aChannel({ name: "over", newestGenuine: NOW - 2 * DAY_MS, standby: { span: DAY_MS, alone: [] } }),
      aChannel({ name: "unread", problems: { count: 1, oldest: NOW, newest: NOW } }),
    ],
    unknownWords: [{ source: "lumin", word: "paid", object: null, count: 1, first: NOW, newest: NOW }],
    lastStop: { from: NOW - HOUR_MS, until: NOW - HOUR_MS / 2 },
    documents: troubledDocuments(),
    destinations: [
      aDestination({ name: "down", breaker: { since: NOW - 2 * HOUR_MS, failures: 10 } }),
      aDestination({ name: "paused", paused: { at: NOW - 2 * HOUR_MS, reason: "moving" } }),
      aDestination({ name: "slow", open: 1, oldest: NOW - DAY_MS }),
      aDestination({
        name: "crm",
        parked: [{ reason: "rejected", count: 1, oldest: NOW, newest: NOW }],
        tallies: [{ hour: NOW, outcome: "delivered", count: 1, newest: NOW }],
        neverTaken: [{ type: "signer.viewed", attempts: 9, since: NOW - DAY_MS, newest: NOW }],
      }),
    ],
    clockJumps: [{ at: NOW, by: -MINUTE_MS }],
    disk: { at: NOW, freeBytes: 5, bytesPerDay: 10 },
    proofs: [{ source: "legalesign", at: NOW - HOUR_MS, result: "failed", unexplained: 3 }],
  });
}

function troubledDocuments() {
  const old = NOW - 20 * DAY_MS;
  const document = (given: Parameters<typeof aStoredDocument>[0]) =>
    aStoredDocument({ firstAt: old, sentAt: old, statusAt: old, ...given });
  const ended = { status: "completed", downloadable: true } as const;
  return [
    document({ id: "stuck" }),
    document({ id: "expired", expiresAt: old }),
    document({ id: "signed", signers: [aSignerOf("signed", { statusAt: old })] }),
    document({ id: "without-pdf", ...ended, downloadable: false, signers: [] }),
    document({ id: "without-sent", ...ended, signers: [], told: ["document.completed"] }),
    document({ id: "without-signature", ...ended, signers: [aSignerOf("viewed")] }),
  ];
}
