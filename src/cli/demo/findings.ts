import type { Event } from "../../domain/event.ts";
import { plural } from "../../domain/quantity.ts";
import type { ExpectedResult } from "./demo-steps.ts";
import type { Forwarded } from "./receiver.ts";
import { isAccepted, type StepResponse, type StepResult } from "./run-step.ts";

/** A promise of the bridge; `broken`: the difference that was found, null when the promise was kept. */
export interface Finding {
  promise: string;
  broken: string | null;
}

/** The differences from the result that the step expects; empty when there are none. */
export function checkStep({ step, response, requests, cutShort }: StepResult): string[] {
  const { expected, outages } = step;
  const findings = [
    compare(
      "the answer",
      describeResponse({ ...expected, events: expected.events.length }),
      describeResponse(response),
    ),
    ...requests
      .filter(isUnverified)
      .map(({ id, verificationError }) => `the receiver could not verify ${id}: ${verificationError}`),
    ...checkOrder(expected, requests),
    compare("the number of retries", `${outages}`, `${countRetries(requests)}`),
    cutShort,
  ];
  return findings.filter((finding) => finding !== null);
}

export function describeResponse({ status, events, duplicates }: Omit<StepResponse, "error">): string {
  if (status !== 200) return String(status);
  return `${status}, ${plural(events, "new event")}, ${plural(duplicates, "repeat")}`;
}

/** Each subject's events were accepted once each, in the order of the post. */
function checkOrder({ events }: ExpectedResult, requests: readonly Forwarded[]): (string | null)[] {
  const accepted = requests.filter(isAccepted).flatMap(({ event }) => event ?? []);
  const subjects = new Set([...events, ...accepted].map(({ subject = "" }) => subject));
  return [...subjects].map((subject) => {
    const isOurs = (event: { subject?: string | undefined }) => (event.subject ?? "") === subject;
    const wanted = events.filter(isOurs).map(({ type }) => forwardedType(type));
    const got = accepted.filter(isOurs).map(({ type }) => type);
    return compare(`what is forwarded about ${subject}`, wanted.join(", "), got.join(", "));
  });
}

/** Compares the admin API's list with the expected events of all steps and with the receiver's requests. */
export function checkRecorded(
  results: readonly StepResult[],
  recorded: readonly Event[],
  requests: readonly Forwarded[],
): Finding[] {
  const expected = results.flatMap(({ step }) => step.expected.events.map(({ type }) => type));
  const listed = recorded.map(({ type }) => type);
  const ids = recorded.map(({ id }) => id);
  const accepted = requests.filter(isAccepted).map(({ id }) => id);
  const verified = requests.filter((request) => !isUnverified(request));
  return [
    {
      promise: `${plural(recorded.length, "event")}, listed in the order in which they were reported`,
      broken: compare("the admin API's list", expected.join(", "), listed.join(", ")),
    },
    {
      promise: "each of them accepted by the receiver once, and nothing else: no forgery, no repeat",
      broken: compare(
        "the list of accepted events",
        ids.toSorted().join(", "),
        accepted.toSorted().join(", "),
      ),
    },
    {
      promise: `the standardwebhooks library verified all ${plural(requests.length, "request")}`,
      broken: compare("the number of verified requests", `${requests.length}`, `${verified.length}`),
    },
  ];
}

export interface Totals {
  events: number;
  forwarded: number;
  verified: number;
  refused: number;
  repeats: number;
  retries: number;
}

/** Counts the results, not the expectations. */
export function totalsOf(results: readonly StepResult[], requests: readonly Forwarded[]): Totals {
  const responses = results.map(({ response }) => response);
  const accepted = requests.filter(isAccepted);
  return {
    events: sum(responses.map(({ events }) => events)),
    forwarded: idsOf(accepted).size,
    verified: idsOf(accepted.filter((request) => !isUnverified(request))).size,
    refused: responses.filter(({ error }) => error === "bad_signature").length,
    repeats: sum(responses.map(({ duplicates }) => duplicates)),
    retries: countRetries(requests),
  };
}

/**
 * A retry has the `webhook-id` of an earlier request: a request with another id would count as an event too
 * many.
 */
function countRetries(requests: readonly Forwarded[]): number {
  return requests.length - idsOf(requests).size;
}

function idsOf(requests: readonly Forwarded[]): Set<string> {
  return new Set(requests.map(({ id }) => id));
}

function isUnverified({ verificationError }: Forwarded): boolean {
  return verificationError !== null;
}

/** The event type with the default prefix, as destinations get it. */
function forwardedType(type: string): string {
  return `esign.${type}`;
}

function compare(what: string, wanted: string, got: string): string | null {
  return wanted === got ? null : `${what} should be ${wanted || "nothing"}, and was ${got || "nothing"}`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
