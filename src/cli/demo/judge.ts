import type { Event } from "../../domain/event.ts";
import { type Answer, isTaken, type Scene } from "./play.ts";
import type { Forwarded } from "./receiver.ts";
import type { Expected } from "./story.ts";

/** A promise of the bridge, and what was found instead; null: it was kept. */
export interface Finding {
  promise: string;
  broken: string | null;
}

/** What went otherwise than the step expects; empty when all went well. */
export function judgeScene({ step, answer, requests, cutShort }: Scene): string[] {
  const { expected, outages } = step;
  const findings = [
    compare(
      "the answer",
      describeAnswer({ ...expected, events: expected.events.length }),
      describeAnswer(answer),
    ),
    ...requests.filter(isMistrusted).map(({ id, mistrust }) => `the receiver mistrusts ${id}: ${mistrust}`),
    ...judgeLanes(expected, requests),
    compare("the number of retries", `${outages}`, `${countRetries(requests)}`),
    cutShort,
  ];
  return findings.filter((finding) => finding !== null);
}

export function describeAnswer({ status, events, duplicates }: Omit<Answer, "error">): string {
  if (status !== 200) return String(status);
  return `${status}, ${plural(events, "new event")}, ${plural(duplicates, "repeat")}`;
}

/** Each subject's events were taken once each, in the order of the post. */
function judgeLanes({ events }: Expected, requests: readonly Forwarded[]): (string | null)[] {
  const taken = requests.filter(isTaken).flatMap(({ event }) => event ?? []);
  const subjects = new Set([...events, ...taken].map(({ subject = "" }) => subject));
  return [...subjects].map((subject) => {
    const isOurs = (event: { subject?: string | undefined }) => (event.subject ?? "") === subject;
    const wanted = events.filter(isOurs).map(({ type }) => forwardedType(type));
    const got = taken.filter(isOurs).map(({ type }) => type);
    return compare(`what is forwarded about ${subject}`, wanted.join(", "), got.join(", "));
  });
}

/** What the admin API lists, against the whole story and against all that the receiver got. */
export function judgeKept(
  scenes: readonly Scene[],
  kept: readonly Event[],
  requests: readonly Forwarded[],
): Finding[] {
  const told = scenes.flatMap(({ step }) => step.expected.events.map(({ type }) => type));
  const listed = kept.map(({ type }) => type);
  const ids = kept.map(({ id }) => id);
  const taken = requests.filter(isTaken).map(({ id }) => id);
  const verified = requests.filter((request) => !isMistrusted(request));
  return [
    {
      promise: `${plural(kept.length, "event")}, listed in the order in which they were told`,
      broken: compare("the admin API's list", told.join(", "), listed.join(", ")),
    },
    {
      promise: "each of them taken by the receiver once, and nothing else: no forgery, no repeat",
      broken: compare("what the receiver took", ids.toSorted().join(", "), taken.toSorted().join(", ")),
    },
    {
      promise: `all ${plural(requests.length, "request")} to the receiver passed the standardwebhooks library`,
      broken: compare("the number of verified requests", `${requests.length}`, `${verified.length}`),
    },
  ];
}

export interface Tally {
  events: number;
  forwarded: number;
  verified: number;
  refused: number;
  repeats: number;
  retries: number;
}

/** Counted from what happened, not from what was expected. */
export function count(scenes: readonly Scene[], requests: readonly Forwarded[]): Tally {
  const answers = scenes.map(({ answer }) => answer);
  const taken = requests.filter(isTaken);
  return {
    events: sum(answers.map(({ events }) => events)),
    forwarded: idsOf(taken).size,
    verified: idsOf(taken.filter((request) => !isMistrusted(request))).size,
    refused: answers.filter(({ error }) => error === "bad_signature").length,
    repeats: sum(answers.map(({ duplicates }) => duplicates)),
    retries: countRetries(requests),
  };
}

/** A retry bears the webhook-id of a request before it; one with another id would count as an event too many instead. */
function countRetries(requests: readonly Forwarded[]): number {
  return requests.length - idsOf(requests).size;
}

function idsOf(requests: readonly Forwarded[]): Set<string> {
  return new Set(requests.map(({ id }) => id));
}

function isMistrusted({ mistrust }: Forwarded): boolean {
  return mistrust !== null;
}

/** The event type as destinations get it, with the prefix that the configuration puts before it by default. */
function forwardedType(type: string): string {
  return `esign.${type}`;
}

function compare(what: string, wanted: string, got: string): string | null {
  return wanted === got ? null : `${what} should be ${wanted || "nothing"}, and was ${got || "nothing"}`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
