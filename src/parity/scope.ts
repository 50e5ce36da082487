import type { EventType } from "../domain/event.ts";
import type { ParityException } from "../domain/parity.ts";
import { CODE_FIELD, FACT_FIELDS, type FactField } from "./facts.ts";
import type { Side } from "./subject.ts";

/** A compared channel, with what its part of the mapping can say. */
export interface ScopeChannel {
  source: string;
  name: string;
  side: Side;
  /** The types that it has a word for. */
  tells: ReadonlySet<EventType>;
  /** The tables of its words, by name: codes are compared only where they are the same. */
  tables: string;
  /** The fields that it reads, a bit for each of `FACT_FIELDS`. */
  fields: number;
  /** One request has several items: the provider posts in batches. */
  isBatch: boolean;
}

/** Durations are milliseconds. */
export interface ParitySettings {
  /** How far two channels' times of one happening may be apart. */
  tolerance: number;
  /** The least share that must be told by both or explained, in percent. */
  coverage: number;
  minPairs: number;
  /** The least time that must be observed. */
  minWindow: number;
  /** How long a proof is good. */
  validFor: number;
  /** The coverage need not be better than the agreement of one side's channels among themselves. */
  relativeToNoise: boolean;
  ignore: readonly { field: FactField; reason: string }[];
}

/** All that a comparison is given, beside what was told. Instants are milliseconds since 1970. */
export interface Scope {
  channels: readonly ScopeChannel[];
  /** Happenings that were first told from here on count; requests from `leadFrom` on are read. */
  from: number;
  leadFrom: number;
  /** The moment of the report: what was first told after it is left out. */
  until: number;
  settings: ParitySettings;
  exceptions: readonly ParityException[];
}

export const channelKey = ({ source, name }: Pick<ScopeChannel, "source" | "name">) => `${source}/${name}`;

/** Whether any channel of the side has a word for the type. */
export function createCanTell(channels: readonly ScopeChannel[]) {
  const types = {
    old: new Set(channels.flatMap(({ side, tells }) => (side === "old" ? [...tells] : []))),
    new: new Set(channels.flatMap(({ side, tells }) => (side === "new" ? [...tells] : []))),
  };
  return (side: Side, type: EventType) => types[side].has(type);
}

/** The fields that at least two channels read: no others can be compared. */
export function sharedFields(channels: readonly ScopeChannel[]): number {
  let [shared, hasSharedTables] = [0, false];
  for (const [index, one] of channels.entries())
    for (const other of channels.slice(index + 1)) {
      shared |= one.fields & other.fields;
      hasSharedTables ||= one.tables === other.tables;
    }
  return hasSharedTables ? shared : shared & ~(1 << CODE_FIELD);
}

export function fieldsOf(channels: readonly ScopeChannel[], side: Side): number {
  return channels.reduce((mask, one) => (one.side === side ? mask | one.fields : mask), 0);
}

/** The fields that an ignore rule names, a bit for each of `FACT_FIELDS`. */
export function maskOf(fields: readonly FactField[]): number {
  return fields.reduce((mask, field) => mask | (1 << FACT_FIELDS.indexOf(field)), 0);
}
