import type { Batch, Untold } from "../concern/episodes.ts";
import { BRIDGE_SOURCE, type BridgeType, type ConcernView, type Event } from "../domain/event.ts";
import { eventId } from "../domain/identity.ts";
import type { Receipt } from "../domain/receipt.ts";

/** The events of alerts: concerns as they are told. */

export const ALERTS_CHANNEL = "alerts";

/** Titles of the documents that a concern names, in their order; absent: they are not told. */
export type TitlesOf = (change: Untold) => ConcernView["documents"];

/** An event for programs: one for each change. The same change gives the same id. */
export function eventsOf({ alert, changes }: Batch, receipt: Receipt, titlesOf: TitlesOf): Event[] {
  return changes.map((change) => {
    const type = change.change === "over" ? "bridge.concern.closed" : "bridge.concern.opened";
    const distinct = `${alert}/${change.begunAt}/${change.number}`;
    const id = eventId({
      source: BRIDGE_SOURCE,
      object: "concern",
      objectId: change.concern.id,
      type,
      distinct,
    });
    return eventOf(type, id, [change], receipt, titlesOf);
  });
}

/** One event for people, of all changes. The same changes give the same id. */
export function gatheredEvent(
  { alert, number, changes }: Batch,
  receipt: Receipt,
  titlesOf: TitlesOf,
): Event {
  const members = changes.map(({ concern, begunAt, number }) => `${concern.id}/${begunAt}/${number}`);
  const distinct = [String(number), ...members].join("\n");
  const type = "bridge.alert";
  const id = eventId({ source: BRIDGE_SOURCE, object: "alert", objectId: alert, type, distinct });
  return eventOf(type, id, changes, receipt, titlesOf);
}

/** An event of the bridge about these changes. */
function eventOf(
  type: BridgeType,
  id: string,
  changes: readonly Untold[],
  receipt: Receipt,
  titlesOf: TitlesOf,
): Event {
  const concerns = changes.map((change) => viewOf(change, titlesOf));
  const [first] = concerns;
  const time = new Date(Math.max(...changes.map(({ at }) => at))).toISOString();
  const code = {
    object: "concern",
    value: concerns.length === 1 ? (first?.kind ?? "") : `${concerns.length} changes`,
    name: null,
    meaning: null,
  };
  return bridgeEvent({ type, id, time, code, reason: first?.sentence ?? null, concerns }, receipt);
}

function viewOf(change: Untold, titlesOf: TitlesOf): ConcernView {
  const { id, kind, severity, since, count, sentence, advice, command, ends } = change.concern;
  const documents = titlesOf(change);
  return {
    ...{ id, kind, severity, change: change.change, since: new Date(since).toISOString() },
    ...{ count, sentence, advice, command, ends },
    ...(documents && { documents }),
  };
}

/** An event of the bridge itself, with the members that it has in common with all others. */
export function bridgeEvent(
  given: Pick<Event, "type" | "id" | "time" | "code" | "reason" | "concerns">,
  { id, receivedAt, mapping, verified }: Receipt,
): Event {
  return {
    source: BRIDGE_SOURCE,
    recordedAt: new Date(receivedAt).toISOString(),
    ...{ provider: "countersign", channel: ALERTS_CHANNEL, sequence: null, late: false },
    ...{ document: null, signer: null, signers: [] },
    provenance: { receipt: id, mapping, verified },
    ...given,
  };
}
