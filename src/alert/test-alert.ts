import type { ConcernView, Event } from "../domain/event.ts";
import { deliveryId, eventId } from "../domain/identity.ts";
import type { Receipt } from "../domain/receipt.ts";
import { bridgeEvent } from "./compose.ts";
import { type Alert, receiptOf, recordEvents, type TellParts } from "./tell.ts";

/** Sends a test to an alert, as its alerts go; returns the id of its delivery. */
export async function testAlert(alert: Pick<Alert, "name">, parts: TellParts): Promise<string> {
  const receipt = receiptOf({ test: alert.name }, parts);
  const event = testEvent(alert.name, parts.now(), receipt);
  await recordEvents([event], { receipt, destination: alert.name }, parts);
  return deliveryId(event.id, alert.name);
}

/**
 * A test of a destination, which may be an alert. It is not recorded, so its receipt is none that is kept.
 */
export function unrecordedTest(
  name: string,
  isAlert: boolean,
  parts: Omit<TellParts, "store" | "wake">,
): Event {
  const receipt = receiptOf({ test: name }, parts);
  return isAlert ? testEvent(name, receipt.receivedAt, receipt) : destinationTest(name, receipt);
}

function destinationTest(name: string, receipt: Receipt): Event {
  const distinct = { object: "destination", objectId: name, type: "bridge.test", distinct: receipt.id };
  const id = eventId({ source: receipt.source, ...distinct });
  const time = new Date(receipt.receivedAt).toISOString();
  const meaning = "an operator tries the destination: nothing happened";
  const code = { object: "destination", value: "test", name: null, meaning };
  return { ...bridgeEvent({ type: "bridge.test", id, time, code, reason: null }, receipt), channel: "test" };
}

function testEvent(name: string, now: number, receipt: Receipt): Event {
  const time = new Date(now).toISOString();
  const test: ConcernView = {
    ...{ id: `test:${name}`, kind: "test", severity: "notice", change: "begun", since: time, count: 1 },
    sentence: "This is a test of the alert: nothing is wrong.",
    advice: "Nothing has to be done.",
    command: null,
    ends: "this message",
  };
  const distinct = { object: "alert", objectId: name, type: "bridge.test", distinct: receipt.id };
  const id = eventId({ source: receipt.source, ...distinct });
  const code = { object: "concern", value: "test", name: null, meaning: null };
  return bridgeEvent({ type: "bridge.test", id, time, code, reason: null, concerns: [test] }, receipt);
}
