import { z } from "zod";
import { CountersignError, messageOf } from "../../domain/errors.ts";
import { Event } from "../../domain/event.ts";
import type { DemoStep } from "./demo-steps.ts";
import type { Installation } from "./installation.ts";
import type { Forwarded } from "./receiver.ts";

/** The bridge's response to a post. */
export interface StepResponse {
  status: number;
  events: number;
  duplicates: number;
  /** The error code of a refusal; null when it was accepted. */
  error: string | null;
}

/** What a step gave. */
export interface StepResult {
  step: DemoStep;
  response: StepResponse;
  /** The requests that the receiver got for it. */
  requests: readonly Forwarded[];
  /** Why the wait for forwarded events ended early; null when it did not. */
  cutShort: string | null;
}

export const isAccepted = ({ status }: Forwarded): boolean => status === 200;

/**
 * Posts, and waits until the receiver has accepted as many events as the bridge reports, or could not verify
 * one. When `signal` is aborted before, the result shows how far it came.
 */
export async function runStep(
  step: DemoStep,
  installation: Installation,
  signal: AbortSignal,
): Promise<StepResult> {
  const { receiver } = installation;
  const before = receiver.requests.length;
  const since = () => receiver.requests.slice(before);
  receiver.fail(step.outages);
  const response = await post(step, installation, signal);
  const isOver = () =>
    since().filter(isAccepted).length >= response.events ||
    since().some(({ verificationError }) => verificationError !== null);
  const cutShort = await receiver.until(isOver, signal).then(
    () => null,
    () => String(signal.reason),
  );
  return { step, response, requests: since(), cutShort };
}

const ResponseBody = z.object({
  events: z.int().default(0),
  duplicates: z.int().default(0),
  error: z.string().nullable().default(null),
});

async function post(
  { to, token, payload }: DemoStep,
  installation: Installation,
  signal: AbortSignal,
): Promise<StepResponse> {
  const url = `${installation.app.url}/in/${to}${token ? `?token=${installation.token}` : ""}`;
  const { status, body } = await request(url, { method: "POST", ...payload, redirect: "manual", signal });
  return { status, ...ResponseBody.parse(body) };
}

/** The events that the admin API lists, in the order recorded. */
export async function listRecordedEvents(
  { app }: Installation,
  signal: AbortSignal,
): Promise<readonly Event[]> {
  const { body } = await request(`${app.adminUrl}/api/v1/events?order=oldest&limit=1000`, { signal });
  return z.object({ items: z.array(Event) }).parse(body).items;
}

async function request(url: string, request: RequestInit): Promise<{ status: number; body: unknown }> {
  try {
    const response = await fetch(url, request);
    return { status: response.status, body: await response.json() };
  } catch (error) {
    const { pathname } = new URL(url);
    throw new CountersignError("internal", `the bridge gave no answer at ${pathname} (${messageOf(error)})`, {
      cause: error,
    });
  }
}
