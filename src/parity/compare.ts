import { setImmediate } from "node:timers/promises";
import { CountersignError } from "../domain/errors.ts";
import type { ParityException } from "../domain/parity.ts";
import type { Channel } from "../inbound/channel.ts";
import { assemble } from "./assemble.ts";
import { assessing } from "./assess.ts";
import { describeFindings } from "./details.ts";
import { type Gathered, gather, type Requests, toScopeChannel } from "./gather.ts";
import type { ParityReport } from "./report.ts";
import { channelKey, type ParitySettings, type Scope } from "./scope.ts";
import type { Obstacle } from "./verdict.ts";

/** What is compared, and how. Instants are milliseconds since 1970, durations milliseconds. */
export interface CompareParts {
  requests: Requests;
  old: readonly Channel[];
  new: readonly Channel[];
  from: number;
  /** The moment of the report. */
  until: number;
  settings: ParitySettings;
  exceptions: readonly ParityException[];
  /** How long requests are kept; null: for ever. */
  retention: number | null;
  /** With personal data. */
  full: boolean;
  /** Of the report. */
  id: string;
  version: string;
  /** Told the number of requests read so far; false: stop. */
  progress(requests: number): boolean;
}

/** What was told before the window, over a channel that was earlier: its repeats come in the window. */
const LEAD_MS = 2 * 86_400_000;

/**
 * Reads the kept requests of both sides again by the mapping of today, and compares what they tell. Null:
 * stopped.
 *
 * @throws CountersignError `bad_request` when the two sides cannot be compared at all: a channel with itself,
 *   or channels of different mappings.
 */
export async function compare(parts: CompareParts): Promise<ParityReport | null> {
  refuseSameChannel(parts);
  const channels = [...parts.old, ...parts.new];
  const mapping = mappingOf(channels);
  const { from, until, settings, exceptions, full, id, version, requests } = parts;
  const scope: Scope = {
    channels: [
      ...parts.old.map((one) => toScopeChannel(one, "old")),
      ...parts.new.map((one) => toScopeChannel(one, "new")),
    ],
    ...{ from, until, settings, exceptions },
    leadFrom: Math.max(0, from - LEAD_MS),
  };
  const gathered = await gather(requests, channels, scope, parts.progress);
  if (!gathered) return null;
  const assessment = await inTurns(assessing(gathered.ledger, scope));
  const details = await describeFindings(assessment.losses, assessment.differences, {
    ...{ ledger: gathered.ledger, requests, channels, scope, full },
    clockOffset: assessment.rules.clockOffset,
  });
  const obstacles = [...beyondRetention(parts), ...notInForce(gathered, mapping)];
  return assemble({ ...{ id, version, full, scope, mapping, gathered, assessment, details, obstacles } });
}

async function inTurns<T>(steps: Generator<void, T, void>): Promise<T> {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
    await setImmediate();
  }
}

/** A channel agrees with itself, whatever it tells: that is no parity. */
function refuseSameChannel({ old, new: others }: CompareParts): void {
  const both = old.find((one) => others.some((other) => channelKey(one) === channelKey(other)));
  if (both)
    throw new CountersignError(
      "bad_request",
      `${channelKey(both)} is on both sides: a channel that is compared with itself proves nothing`,
    );
}

/** @throws CountersignError `bad_request`: any difference could be the mappings' own. */
function mappingOf(channels: readonly Channel[]): string {
  const [first, ...others] = [...new Set(channels.map(({ mapping }) => mapping.digest))];
  if (first !== undefined && others.length === 0) return first;
  throw new CountersignError(
    "bad_request",
    `both sides must be read by the same mapping: these channels have ${[first, ...others].join(" and ")}`,
  );
}

function beyondRetention({ from, until, retention }: CompareParts): Obstacle[] {
  if (retention === null || until - from <= retention) return [];
  const days = Math.floor(retention / 86_400_000);
  return [
    {
      code: "beyond_retention",
      sentence: `The window begins before what is kept: requests are kept for ${days} days.`,
    },
  ];
}

/**
 * The bridge must read what comes by the same mapping: the newest requests were recorded with it, or some
 * were processed again by it.
 */
function notInForce({ channels }: Gathered, mapping: string): Obstacle[] {
  const recorded = channels.flatMap(({ recordedWith }) => [...recordedWith]);
  const newest = recorded.toSorted(([, a], [, b]) => b - a)[0]?.[0];
  if (newest === undefined || recorded.some(([digest]) => digest === mapping)) return [];
  return [
    {
      code: "mapping_not_in_force",
      sentence: `The newest requests were recorded with ${newest}, and none with ${mapping}: run \`countersign reload\`, and wait for requests or run \`countersign reprocess\`.`,
    },
  ];
}
