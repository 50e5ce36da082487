import type { ConcernChange, Severity } from "../domain/event.ts";
import { type Concern, severityRank } from "./concern.ts";
import { remembered, transitions } from "./transitions.ts";
import { DAY_MS } from "./words.ts";

/**
 * A concern from its begin to its end, with what is still to be told of it to whom. Pure: an episode is saved
 * with every change, and told afterwards, so that a change is told once however often the process is killed.
 */
export interface Episode {
  /** The concern as it is remembered between two evaluations; as it was last, once it is over. */
  concern: Concern;
  /** When it was noticed, milliseconds since 1970. With the concern's id it names the episode. */
  begunAt: number;
  isOver: boolean;
  /** It was acknowledged; null: not, or its time is over, or the concern has become worse since. */
  acknowledged: Acknowledgement | null;
  /** The number of changes so far. */
  changes: number;
  /** That it was still open after a day counts as one of them. */
  isReminded: boolean;
  /** The alerts that were, or are to be, told of it. */
  alerts: readonly string[];
  untold: readonly Untold[];
}

/** That somebody knows of it and takes care. */
export interface Acknowledgement {
  /** Milliseconds since 1970. */
  at: number;
  until: number;
  reason: string;
  caller: string;
}

/** A change that an alert is still to be told. */
export interface Untold {
  /** When the episode began. With the number, what tells this change from all others of the concern. */
  begunAt: number;
  /** Counted from 1 within the episode. */
  number: number;
  change: ConcernChange;
  /** When it was noticed. */
  at: number;
  /** As it was at that moment. */
  concern: Concern;
  alert: string;
  /** All changes of one number and alert are told together; null: not decided. */
  batch: number | null;
}

/** What an alert wants to be told. */
export interface AlertRule {
  name: string;
  /** The least harmful that it wants. */
  severity: Severity;
  /** Whether what is not critical has to wait at that moment. */
  isQuiet(at: number): boolean;
}

const REMINDER_MS = DAY_MS;

export type Episodes = ReadonlyMap<string, Episode>;

/** The episodes after an evaluation, by id. */
export function advance(
  before: Episodes,
  concerns: readonly Concern[],
  alerts: readonly AlertRule[],
  now: number,
): Map<string, Episode> {
  const open = [...before.values()].filter(({ isOver }) => !isOver);
  const known = open.map(({ concern }) => concern);
  const memory = new Map(remembered(known, concerns).map((concern) => [concern.id, concern]));
  const after = new Map<string, Episode>();
  for (const [id, episode] of before) after.set(id, withMemory(episode, memory.get(id), now));
  for (const { change, concern } of transitions(known, concerns)) {
    const episode = change === "begun" ? begun(after.get(concern.id), concern, now) : after.get(concern.id);
    if (!episode) continue;
    const changed = change === "over" ? { ...episode, isOver: true } : worse(episode, change);
    after.set(concern.id, withChange(changed, change, concern, alerts, now));
  }
  for (const [id, episode] of after)
    if (isDueForReminder(episode, now)) {
      const reminded = { ...episode, isReminded: true };
      after.set(id, withChange(reminded, "reminder", episode.concern, alerts, now));
    }
  return after;
}

function withMemory(episode: Episode, concern: Concern | undefined, now: number): Episode {
  const acknowledged = episode.acknowledged && episode.acknowledged.until > now ? episode.acknowledged : null;
  return { ...episode, acknowledged, ...(concern && !episode.isOver && { concern }) };
}

/** What is still to be told of an earlier episode stays. */
function begun(before: Episode | undefined, concern: Concern, now: number): Episode {
  return {
    concern,
    begunAt: now,
    isOver: false,
    acknowledged: null,
    changes: before?.changes ?? 0,
    isReminded: false,
    alerts: [],
    untold: before?.untold ?? [],
  };
}

/** Whoever acknowledged it did not know that it would become worse. */
function worse(episode: Episode, change: ConcernChange): Episode {
  return change === "worse" ? { ...episode, acknowledged: null } : episode;
}

function isDueForReminder({ isOver, isReminded, acknowledged, begunAt }: Episode, now: number): boolean {
  return !isOver && !isReminded && acknowledged === null && now - begunAt >= REMINDER_MS;
}

/** An alert that was told of the begin is told of the end. */
function withChange(
  episode: Episode,
  change: ConcernChange,
  concern: Concern,
  rules: readonly AlertRule[],
  at: number,
): Episode {
  const number = episode.changes + 1;
  const wanted = rules.filter(({ name, severity }) =>
    change === "over"
      ? episode.alerts.includes(name)
      : severityRank(concern.severity) <= severityRank(severity),
  );
  const names = wanted.map(({ name }) => name);
  return {
    ...episode,
    changes: number,
    alerts: [...new Set([...episode.alerts, ...names])],
    untold: [
      ...episode.untold,
      ...names.map((alert) => ({
        begunAt: episode.begunAt,
        number,
        change,
        at,
        concern,
        alert,
        batch: null,
      })),
    ],
  };
}

/** The same, with what is due now in one batch of that number for each alert. */
export function inBatches(
  episodes: Episodes,
  rules: readonly AlertRule[],
  now: number,
): Map<string, Episode> {
  const byName = new Map(rules.map((rule) => [rule.name, rule]));
  const isDue = ({ alert, concern, batch }: Untold) =>
    batch === null && (concern.severity === "critical" || byName.get(alert)?.isQuiet(now) === false);
  return new Map(
    [...episodes].map(([id, episode]) => {
      // An alert that is no longer configured is told nothing more.
      const untold = episode.untold.filter(({ alert }) => byName.has(alert));
      const batched = untold.map((one) => (isDue(one) ? { ...one, batch: now } : one));
      return [id, { ...episode, untold: batched }];
    }),
  );
}

/** Changes that are told together, in the order in which they were noticed. */
export interface Batch {
  alert: string;
  number: number;
  changes: readonly Untold[];
}

export function batchesOf(episodes: Episodes): Batch[] {
  const batches = new Map<string, Batch & { changes: Untold[] }>();
  for (const one of [...episodes.values()].flatMap(({ untold }) => untold)) {
    const { alert, batch: number } = one;
    if (number === null) continue;
    const key = JSON.stringify([alert, number]);
    const batch = batches.get(key) ?? { alert, number, changes: [] };
    batches.set(key, batch);
    batch.changes.push(one);
  }
  for (const { changes } of batches.values())
    changes.sort((one, other) => one.at - other.at || one.number - other.number);
  return [...batches.values()];
}

/** The episodes once these batches are told. One that is over, and of which all is told, is gone: null. */
export function afterTelling(episodes: Episodes, told: readonly Batch[]): Map<string, Episode | null> {
  const isTold = ({ alert, batch }: Untold) =>
    told.some((one) => one.alert === alert && one.number === batch);
  return new Map(
    [...episodes].map(([id, episode]) => {
      const untold = episode.untold.filter((one) => !isTold(one));
      return [id, episode.isOver && untold.length === 0 ? null : { ...episode, untold }];
    }),
  );
}
