import { SEVERITIES, type Severity } from "../domain/event.ts";
import type { Kind } from "./kinds.ts";

/** The subject of a concern. Absent: it is not about one. */
export interface ConcernSubject {
  source?: string;
  channel?: string;
  destination?: string;
  /** Why deliveries are parked, or the event type that a destination does not take. */
  detail?: string;
  /** The provider's ids of the worst few documents. No part of the concern's id. */
  documents?: readonly string[];
}

/** Something that needs a person. Texts are without personal data: no titles, names or addresses. */
export interface Concern {
  /** The same as long as the concern lasts: the kind and the subject, such as `silent:legalesign/batch`. */
  id: string;
  kind: Kind;
  severity: Severity;
  /** When the trouble began, as far as it can be told, milliseconds since 1970. */
  since: number;
  subject: ConcernSubject;
  /** How many documents, deliveries, requests or words it is about; 1 where nothing is counted. */
  count: number;
  /** What is wrong, with the figures. */
  sentence: string;
  /** What can be done. */
  advice: string;
  /** The command of Countersign to run first; null: none helps. */
  command: string | null;
  /** What would end it. */
  ends: string;
}

/** By harm: the severest first, and of one severity the oldest. */
export function byHarm(one: Concern, other: Concern): number {
  return (
    severityRank(one.severity) - severityRank(other.severity) ||
    one.since - other.since ||
    (one.id < other.id ? -1 : 1)
  );
}

/** 0 is the severest. */
export function severityRank(severity: Severity): number {
  return SEVERITIES.indexOf(severity);
}

/** The kind and the subject. Names of sources, channels and destinations have neither slash nor colon. */
export function idOf(kind: Kind, { source, channel, destination, detail }: ConcernSubject): string {
  const subject = [source, channel, destination, detail].filter((part) => part !== undefined);
  return subject.length === 0 ? kind : `${kind}:${subject.join("/")}`;
}
