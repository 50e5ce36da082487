import { z } from "zod";
import { CountersignError, messageOf } from "../../domain/errors.ts";
import { Event } from "../../domain/event.ts";
import type { Forwarded } from "./receiver.ts";
import type { Stage } from "./stage.ts";
import type { Step } from "./story.ts";

/** What the bridge answered to a post. */
export interface Answer {
  status: number;
  events: number;
  duplicates: number;
  /** The code of a refusal; null when it was none. */
  error: string | null;
}

/** A step as it came out. */
export interface Scene {
  step: Step;
  answer: Answer;
  /** What the receiver got because of it. */
  requests: readonly Forwarded[];
  /** Why the wait for what was to be forwarded ended early; null when it did not. */
  cutShort: string | null;
}

export const isTaken = ({ status }: Forwarded): boolean => status === 200;

/**
 * Posts, and waits until the receiver has taken as many events as the bridge says there are, or mistrusts one.
 * When `signal` is aborted before, the scene shows how far it came.
 */
export async function play(step: Step, stage: Stage, signal: AbortSignal): Promise<Scene> {
  const { receiver } = stage;
  const before = receiver.requests.length;
  const since = () => receiver.requests.slice(before);
  receiver.fail(step.outages);
  const answer = await post(step, stage, signal);
  const isOver = () =>
    since().filter(isTaken).length >= answer.events || since().some(({ mistrust }) => mistrust !== null);
  const cutShort = await receiver.until(isOver, signal).then(
    () => null,
    () => String(signal.reason),
  );
  return { step, answer, requests: since(), cutShort };
}

const AnswerBody = z.object({
  events: z.int().default(0),
  duplicates: z.int().default(0),
  error: z.string().nullable().default(null),
});

async function post({ to, token, payload }: Step, stage: Stage, signal: AbortSignal): Promise<Answer> {
  const url = `${stage.app.url}/in/${to}${token ? `?token=${stage.token}` : ""}`;
  const { status, body } = await ask(url, { method: "POST", ...payload, redirect: "manual", signal });
  return { status, ...AnswerBody.parse(body) };
}

/** The events that the admin API lists, in its order. */
export async function listKept({ app }: Stage, signal: AbortSignal): Promise<readonly Event[]> {
  const { body } = await ask(`${app.adminUrl}/api/v1/events?limit=1000`, { signal });
  return z.object({ items: z.array(Event) }).parse(body).items;
}

async function ask(url: string, request: RequestInit): Promise<{ status: number; body: unknown }> {
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
