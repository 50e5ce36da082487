import type { KnownType } from "../domain/event.ts";
import type { Chance } from "./chance.ts";
import { DOCUMENT_CODES, SIGNER_CODES } from "./legalesign-codes.ts";
import { type NewLetter, sendingTimes } from "./letter.ts";
import { type Life, type Person, type State, stateAfter } from "./life.ts";

const WORDS: Partial<Record<KnownType, readonly [object: "document" | "recipient", event: string]>> = {
  "document.created": ["document", "created"],
  "document.declined": ["document", "rejected"],
  "document.downloadable": ["document", "finalPdfCreated"],
  "signer.email_opened": ["recipient", "emailOpened"],
  "signer.viewed": ["recipient", "visiting"],
  "signer.signed": ["recipient", "completed"],
  "signer.declined": ["recipient", "rejected"],
  "signer.bounced": ["recipient", "bounced"],
};

/** One JSON object a happening. Its time may lag behind the batch's, by `skew` milliseconds at most; both tell seconds. */
export function tellInRealtime(life: Life, skew: number, chance: Chance): NewLetter[] {
  const sentAt = sendingTimes(chance);
  return life.happenings.flatMap((happening, index) => {
    const [object, event] = WORDS[happening.type] ?? [];
    if (!object) return [];
    const time = happening.time + chance.int(0, Math.floor(skew / 1_000)) * 1_000;
    const state = stateAfter(life.people, life.happenings.slice(0, index + 1));
    const person = life.people.find(({ id }) => id === happening.signer);
    const body = JSON.stringify({
      version: "1.0",
      object,
      event,
      id: chance.uuid(),
      created: Math.floor(time / 1_000),
      data: person ? recipientData(life, person, state, event === "bounced") : documentData(life, state),
    });
    return {
      channel: "realtime",
      lane: `realtime ${life.document}`,
      at: sentAt(time),
      query: {},
      body,
      fragile: body.length - 1,
      tells: [happening],
      documents: [life.document],
    };
  });
}

function documentData(life: Life, state: State) {
  const [status, statusText] = state.downloadable
    ? [100, "Ready to download"]
    : ((state.status && DOCUMENT_CODES[state.status]) ?? [10, "Initial state"]);
  return {
    uuid: life.document,
    name: life.title,
    status,
    statusText,
    ...common(life),
    resourceUri: `/api/v1/document/${life.document}/`,
    recipients: life.people.map((person) => personData(life, person, state)),
  };
}

function recipientData(life: Life, person: Person, state: State, bounced: boolean) {
  return {
    ...personData(life, person, state),
    document: life.document,
    documentName: life.title,
    documentResourceUri: `/api/v1/document/${life.document}/`,
    emailBounce: bounced,
    emailBounceMessage: bounced ? "mailbox unavailable" : "",
    ...common(life),
  };
}

function personData({ people }: Life, person: Person, { signers }: State) {
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

function common({ tags }: Life) {
  const [tag = "", tag1 = "", tag2 = ""] = tags;
  return { tag, tag1, tag2, group: "sales", groupResourceUri: "/api/v1/group/sales/" };
}
