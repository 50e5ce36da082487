import { EVENT_TYPES, type EventType } from "../domain/event.ts";
import { digest } from "../domain/identity.ts";
import { plural } from "../domain/quantity.ts";
import { nameOfChannel, observedTime } from "./arrivals.ts";
import { type Assessment, isTerminal } from "./assess.ts";
import type { Details } from "./details.ts";
import { FACT_FIELDS } from "./facts.ts";
import type { Gathered } from "./gather.ts";
import { quantilesOf } from "./quantiles.ts";
import type { Disagreement, Loss, ParityReport, TypeCount } from "./report.ts";
import { channelKey, createCanTell, fieldsOf, type Scope } from "./scope.ts";
import { otherSide, SIDES, type Side } from "./subject.ts";
import { judge, type Obstacle } from "./verdict.ts";

export interface ReportParts {
  id: string;
  version: string;
  full: boolean;
  scope: Scope;
  /** The mapping that both sides were read with. */
  mapping: string;
  gathered: Gathered;
  assessment: Assessment;
  details: Details;
  /** Obstacles that are known before anything is compared. */
  obstacles: readonly Obstacle[];
}

/** Puts the parts of a comparison together. */
export function assemble(parts: ReportParts): ParityReport {
  const { scope, assessment, details, gathered, full } = parts;
  const { settings, until, from, channels } = scope;
  const { tally, outages, control } = assessment;
  const figures = figuresOf(parts);
  const noise = noiseOf(parts);
  const notShown = notShownOf(parts);
  const obstacles = [...parts.obstacles, ...obstaclesOf(parts)];
  const observed = observedTime(outages, { from: beginOf(parts), until });
  const iso = (at: number) => new Date(at).toISOString();
  return {
    format: "countersign-parity/1",
    id: parts.id,
    createdAt: iso(until),
    validUntil: iso(until + settings.validFor),
    version: parts.version,
    full,
    verdict: judge(
      {
        ...figures,
        ...{ pairs: tally.pairs, observed, cadence: assessment.cadence, obstacles },
        selfShare: noise.self?.share ?? null,
        notShown: notShown.length,
      },
      settings,
    ),
    scope: {
      sources: [...new Set(channels.map(({ source }) => source))],
      old: namesOf(scope, "old"),
      new: namesOf(scope, "new"),
      from: iso(from),
      until: iso(until),
      observed,
      requests: gathered.channels.map(({ requests, tellings, unreadable, first, last }, index) => ({
        channel: nameOfChannel(scope, index),
        ...{ requests, tellings, unreadable },
        first: first === null ? null : iso(first),
        last: last === null ? null : iso(last),
      })),
      documents: tally.documents,
      happenings: tally.happenings,
      mapping: parts.mapping,
      recordedWith: [...new Set(gathered.channels.flatMap((one) => [...one.recordedWith.keys()]))].sort(),
      configuration: digestOf(scope),
      clockOffset: assessment.rules.clockOffset,
      tolerance: settings.tolerance,
      excluded: excludedOf(parts),
    },
    coverage: {
      types: figures.types,
      documentsWithLosses: new Set(details.losses.filter(isUnexplained).map(({ document }) => document)).size,
    },
    outages: outages.map((outage) => ({
      channel: nameOfChannel(scope, outage.channel),
      from: iso(outage.from),
      until: iso(outage.until),
      whole: outage.isWhole,
      missing: outage.missing,
    })),
    integrity: {
      compared: tally.compared,
      unsafe: figures.unsafe,
      harmless: figures.harmless,
      ignored: settings.ignore.map((rule, index) => ({ ...rule, matched: tally.ignored[index] ?? 0 })),
    },
    lag: lagOf(assessment),
    noise,
    unknowns: { ...unknownsOf(parts), notShown },
    losses: details.losses,
    disagreements: details.disagreements,
    unlisted: {
      losses: Math.max(0, figures.listable - details.losses.length),
      disagreements: Math.max(0, assessment.unsafe + assessment.harmless - details.disagreements.length),
    },
    control,
    exceptions: exceptionsOf(parts),
    signature: null,
  };
}

/** When both sides had begun, or the window did. */
function beginOf({ scope, gathered }: ReportParts): number {
  const begins = SIDES.map((side) => {
    const firsts = gathered.channels.flatMap(({ first }, index) =>
      scope.channels[index]?.side === side && first !== null ? [first] : [],
    );
    return firsts.length === 0 ? scope.until : Math.min(...firsts);
  });
  return Math.min(scope.until, Math.max(scope.from, ...begins));
}

const isUnexplained = (loss: Loss) => loss.class === "unexplained";

function namesOf({ channels }: Scope, side: Side): string[] {
  return channels.filter((one) => one.side === side).map(channelKey);
}

function figuresOf({ assessment, details }: ReportParts) {
  const types = EVENT_TYPES.flatMap((type): TypeCount[] => {
    const counts = assessment.tally.types.get(type);
    if (!counts) return [];
    const more = details.acceptedOneByOne.get(type) ?? 0;
    const { accepted, unexplained } = counts;
    return [{ type, ...counts, accepted: accepted + more, unexplained: unexplained - more }];
  });
  const sum = (of: readonly TypeCount[], read: (one: TypeCount) => number) =>
    of.reduce((total, one) => total + read(one), 0);
  const known = types.filter(({ type }) => type !== "unknown");
  const isAccepted = ({ severity, accepted }: Disagreement) => severity === "unsafe" && accepted !== null;
  return {
    types,
    considered: sum(known, (one) => one.both + one.outage + one.accepted + one.unexplained),
    unexplained: sum(types, (one) => one.unexplained),
    terminal: sum(
      types.filter(({ type }) => isTerminal(type)),
      (one) => one.unexplained,
    ),
    unsafe: assessment.unsafe - details.disagreements.filter(isAccepted).length,
    harmless: assessment.harmless,
    listable: sum(types, (one) => one.pending + one.outage + one.accepted + one.unexplained),
  };
}

function obstaclesOf({ scope, gathered, assessment }: ReportParts): Obstacle[] {
  const { tally, control } = assessment;
  const { minPairs } = scope.settings;
  const silent = scope.channels.filter((_, index) => gathered.channels[index]?.requests === 0);
  const obstacles: Obstacle[] = silent.map((channel) => ({
    code: "silent_channel",
    sentence: `${channelKey(channel)} has no kept request in the whole window.`,
  }));
  if (tally.pairs === 0)
    obstacles.push({ code: "no_pairs", sentence: "No happening was told by both sides." });
  else if (tally.pairs < minPairs)
    obstacles.push({
      code: "too_few_pairs",
      sentence: `Both sides told ${plural(tally.pairs, "happening")}, and ${minPairs} are wanted.`,
    });
  else if (control.injected === 0 || control.found < control.injected)
    obstacles.push({
      code: "control_failed",
      sentence: `Of ${plural(control.injected, "loss").replace("losss", "losses")} injected as a control ${control.found} were found.`,
    });
  return obstacles;
}

function excludedOf({ scope, assessment }: ReportParts): string[] {
  const { before, types } = assessment.tally;
  const unknown = types.get("unknown");
  const lone = (unknown?.oldOnly ?? 0) + (unknown?.newOnly ?? 0);
  return [
    ...(before > 0 ? [`${plural(before, "happening")} of the time before the window`] : []),
    ...(lone > 0
      ? [`${plural(lone, "telling")} of words that the mapping does not have: they cannot be compared`]
      : []),
    ...scope.settings.ignore.map(({ field, reason }) => `the field ${field}: ${reason}`),
  ];
}

function lagOf({ lags, cadence, pendingAfter }: Assessment): ParityReport["lag"] {
  const newLater = lags.subarray(firstAbove(lags, 0));
  const oldLater = lags
    .subarray(0, firstAbove(lags, -1))
    .map((lag) => -lag)
    .reverse();
  return {
    newAfterOld: quantilesOf(newLater),
    oldAfterNew: quantilesOf(oldLater),
    newFirst: oldLater.length,
    oldFirst: newLater.length,
    cadence,
    pendingAfter,
  };
}

/** Where numbers above this one begin, in a list of whole ones that ascends. */
function firstAbove(ascending: Float64Array, value: number): number {
  const index = ascending.findIndex((one) => one > value);
  return index < 0 ? ascending.length : index;
}

function noiseOf({ scope, assessment }: ReportParts): ParityReport["noise"] {
  const { tally } = assessment;
  const side = SIDES.find((one) => scope.channels.filter((channel) => channel.side === one).length > 1);
  return {
    repeats: tally.repeats.map((count, index) => ({ channel: nameOfChannel(scope, index), count })),
    self: side === undefined ? null : selfOf(side, assessment, scope),
  };
}

/** Of the types that several channels of the side did tell, how often all of these told a happening. */
function selfOf(side: Side, { tally }: Assessment, scope: Scope): ParityReport["noise"]["self"] {
  const told = [...tally.told].flatMap(([key, count]) => {
    const [of, type = "", bits = "0"] = key.split(":");
    return of === side ? [{ type: type as EventType, bits: Number(bits), count }] : [];
  });
  let [both, onlyOne] = [0, 0];
  for (const some of Map.groupBy(told, ({ type }) => type).values()) {
    const all = some.reduce((mask, { bits }) => mask | bits, 0);
    const isShared = scope.channels.filter((_, index) => all & (1 << index)).length > 1;
    if (!isShared) continue;
    for (const { bits, count } of some) {
      if (bits === all) both += count;
      else onlyOne += count;
    }
  }
  const share = both + onlyOne === 0 ? 1 : both / (both + onlyOne);
  return { side, both, onlyOne, disagreements: tally.selfDisagreements[side], share };
}

function unknownsOf({ scope, gathered, assessment }: ReportParts) {
  const { tally } = assessment;
  const words = gathered.channels.flatMap(({ unknownWords }, index) =>
    [...unknownWords].map(([word, count]) => {
      const [object, value] = JSON.parse(word) as [string | null, string];
      return { channel: nameOfChannel(scope, index), object, value: shownWord(value), count };
    }),
  );
  const typesOnOneSide = [...tally.types].flatMap(([type, { both, oldOnly, newOnly }]) => {
    if (both > 0 || (oldOnly > 0 && newOnly > 0)) return [];
    const side: Side = oldOnly > 0 ? "old" : "new";
    return [{ side, type, count: oldOnly + newOnly }];
  });
  const fieldsOnOneSide = SIDES.flatMap((side) => {
    const other = otherSide(side);
    const isRead = fieldsOf(scope.channels, side) & ~fieldsOf(scope.channels, other);
    const own = isRead | (tally.stated[side] & ~tally.stated[other]);
    return FACT_FIELDS.flatMap((field, bit) => (own & (1 << bit) ? [{ side, field }] : []));
  });
  return { words, typesOnOneSide, fieldsOnOneSide };
}

/** A word is shown where it is shaped like one: anything else may be a text with personal data. */
function shownWord(value: string): string {
  return /^[\w.:/-]{1,60}$/.test(value) ? value : `a text of ${plural(value.length, "character")}`;
}

function notShownOf({ scope, assessment }: ReportParts): ParityReport["unknowns"]["notShown"] {
  const canTell = createCanTell(scope.channels);
  return EVENT_TYPES.filter((type) => type !== "unknown" && canTell("old", type) && canTell("new", type))
    .filter((type) => (assessment.tally.types.get(type)?.both ?? 0) === 0)
    .flatMap((type) => {
      const counts = assessment.tally.types.get(type);
      return SIDES.filter((side) => !counts?.[side === "old" ? "oldOnly" : "newOnly"]).map((side) => ({
        side,
        type,
      }));
    });
}

function exceptionsOf({ scope, details }: ReportParts): ParityReport["exceptions"] {
  const accepted = [...details.losses, ...details.disagreements].flatMap((one) =>
    one.accepted ? [{ id: one.id, accepted: one.accepted }] : [],
  );
  return scope.exceptions.map(({ id, finding, type, missing, reason, by, at }) => {
    const when = new Date(at).toISOString();
    const used = accepted.filter(
      (one) =>
        (finding === null || one.id === finding) &&
        one.accepted.reason === reason &&
        one.accepted.at === when,
    ).length;
    const subject = finding ?? `${type} missing on the ${missing} side`;
    return { id, subject, reason, by, at: when, used };
  });
}

/** Of what the configuration says: another one makes another comparison. */
function digestOf({ channels, settings }: Scope): string {
  const compared = channels.map((one) => `${one.side} ${channelKey(one)}`);
  return `sha256:${digest([JSON.stringify(compared), JSON.stringify(settings)])}`;
}
