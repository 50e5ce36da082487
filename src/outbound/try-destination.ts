import type { Conversation, TextHeaders } from "../domain/conversation.ts";
import { answeredWith } from "../domain/delivery.ts";
import type { Event } from "../domain/event.ts";
import type { Deliver } from "./deliver.ts";
import type { Destination } from "./destination.ts";

/** Posts an event at once, past queue, pause, circuit breaker and rate, and records nothing. */
export async function tryDestination(
  destination: Destination,
  event: Event,
  deliver: Deliver,
): Promise<Conversation> {
  const { origin, pathname } = new URL(destination.url);
  let request: Conversation["request"] = null;
  let answered: TextHeaders = {};
  const attempt = await deliver(destination, event, 1, {
    witness: {
      sent(headers, body) {
        request = { url: `${origin}${pathname}`, headers, body: body.toString() };
      },
      answered(headers) {
        answered = headers;
      },
    },
  });
  const { cause, status, answer, startedAt, duration } = attempt;
  const isWhole = cause === "answered";
  const code = answeredWith(attempt);
  return {
    ...{ destination: destination.name, event: event.id, cause, startedAt, duration, request },
    accepted: code !== null && code >= 200 && code < 300,
    response: status === null ? null : { status, headers: answered, body: isWhole ? answer : null },
    error: isWhole ? null : (answer ?? cause),
  };
}
