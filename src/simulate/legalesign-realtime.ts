import type { KnownType } from "../domain/event.ts";
import type { Chance } from "./chance.ts";
import { DOCUMENT_CODES, SIGNER_CODES } from "./legalesign-codes.ts";
import { type PostDraft, sendingTimes } from "./planned-post.ts";
import { type Person, type SimulatedState, stateAfter, type Timeline } from "./timeline.ts";

const REALTIME_EVENTS: Partial<
  Record<KnownType, readonly [object: "document" | "recipient", event: string]>
> = {
  "document.created": ["document", "created"],
  "document.declined": ["document", "rejected"],
  "document.downloadable": ["document", "finalPdfCreated"],
  "signer.email_opened": ["recipient", "emailOpened"],
  "signer.viewed": ["recipient", "visiting"],
  "signer.signed": ["recipient", "completed"],
  "signer.declined": ["recipient", "rejected"],
  "signer.bounced": ["recipient", "bounced"],
};

/**
 * One JSON object per happening. Its time, in whole seconds, lags behind the batch's by at most `skew`
 * milliseconds.
 */
export function planRealtimePosts(timeline: Timeline, skew: number, chance: Chance): PostDraft[] {
  const sentAt = sendingTimes(chance);
  return timeline.happenings.flatMap((happening, index) => {
    const [object, event] = REALTIME_EVENTS[happening.type] ?? [];
    if (!object) return [];
    const time = happening.time + chance.int(0, Math.floor(skew / 1_000)) * 1_000;
    const state = stateAfter(timeline.people, timeline.happenings.slice(0, index + 1));
    const person = timeline.people.find(({ id }) => id === happening.signer);
    const body = JSON.stringify({
      version: "1.0",
      object,
      event,
      id: chance.uuid(),
      created: Math.floor(time / 1_000),
      data: person
        ? recipientData(timeline, person, state, event === "bounced")
        : documentData(timeline, state),
    });
    return {
      channel: "realtime",
      lane: `realtime ${timeline.document}`,
      at: sentAt(time),
      query: {},
      body,
      unreadableLength: body.length - 1,
      happenings: [happening],
      documents: [timeline.document],
    };
  });
}

function documentData(timeline: Timeline, state: SimulatedState) {
  const [status, statusText] = state.downloadable
    ? [100, "Ready to download"]
    : ((state.status && DOCUMENT_CODES[state.status]) ?? [10, "Initial state"]);
  return {
    uuid: timeline.document,
    name: timeline.title,
    status,
    statusText,
    ...common(timeline),
    resourceUri: `/api/v1/document/${timeline.document}/`,
    recipients: timeline.people.map((person) => personData(timeline, person, state)),
  };
}

function recipientData(timeline: Timeline, person: Person, state: SimulatedState, bounced: boolean) {
  return {
    ...personData(timeline, person, state),
    document: timeline.document,
    documentName: timeline.title,
    documentResourceUri: `/api/v1/document/${timeline.document}/`,
    emailBounce: bounced,
    emailBounceMessage: bounced ? "mailbox unavailable" : "",
    ...common(timeline),
  };
}

function personData({ people }: Timeline, person: Person, { signers }: SimulatedState) {
  const known = signers.find(({ signer }) => signer === person.id)?.status;
  const [status, statusText] = (known && SIGNER_CODES[known]) ?? [4, "Unsent"];
  return {
    uuid: person.id,
    email: person.email,
    firstname: person.first,
    lastname: person.last,
    order: people.indexOf(person) + 1,
    roleText: "Signer",
    status,
    statusText,
    resourceUri: `/api/v1/signer/${person.id}/`,
    rejectReason: known === "declined" ? "Not what we agreed" : "",
  };
}

function common({ tags }: Timeline) {
  const [tag = "", tag1 = "", tag2 = ""] = tags;
  return { tag, tag1, tag2, group: "sales", groupResourceUri: "/api/v1/group/sales/" };
}
