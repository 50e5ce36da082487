import { z } from "zod";
import { BRIDGE_TYPES, EVENT_TYPES, type EventType, meaningOf } from "../src/domain/event.ts";
import { ForwardedEvent } from "../src/outbound/encode.ts";
import { code, table } from "./markdown.ts";
import { type Schema, typeOf } from "./schema-words.ts";

/** The tables of docs/events.md: every event type, and every field of a forwarded event. */

const MEANINGS: Readonly<Record<EventType, string>> = {
  "bridge.concern.opened": "something needs a person: it began, became worse, or is still open after a day",
  "bridge.concern.closed": "it is over",
  "bridge.alert": "several of these in one, as alerts for people have them",
  "bridge.test": "an operator tests the destination; process nothing",
  "document.created": "the provider has the document; nothing is sent to signers yet",
  "document.sent": "the document was sent to its signers",
  "document.fields_completed": "the fields of the document are filled in; signatures are still missing",
  "document.completed": "every signer has signed; the finished PDF may not be available yet",
  "document.downloadable": "the finished PDF can be fetched from the provider",
  "document.declined": "a signer refused, and with that the document ended",
  "document.canceled": "the sender or the provider withdrew the document",
  "document.cancel_failed": "a withdrawal was asked for and failed; the document goes on",
  "document.failed": "the provider could not make, convert or process the document",
  "document.due_date_changed": "the time by which it must be signed was changed",
  "document.expired": "the time for signing ran out",
  "signer.unsent": "the signer exists, and nothing is planned for them yet",
  "signer.scheduled": "the invitation of the signer will be sent later",
  "signer.sent": "an invitation or a reminder was sent to the signer",
  "signer.bounced": "an e-mail to the signer could not be delivered",
  "signer.email_opened": "the signer opened the e-mail",
  "signer.viewed": "the signer opened the document",
  "signer.fields_completed": "the signer filled in their fields and still has to sign",
  "signer.awaiting_signature": "the signer filled in all but the signature",
  "signer.awaiting_witness": "the signer waits for a witness to sign",
  "signer.signed": "the signer signed, or did their part as approver or witness",
  "signer.downloaded": "the signer fetched the document",
  "signer.declined": "the signer refused to sign",
  "signer.visit_failed":
    "the signer could not open the document, for example because a check of their identity failed",
  unknown: "the mapping has no such word, or cannot say more; `data.code` holds it",
};

/** By the name of the table. */
export function eventTables(): ReadonlyMap<string, string> {
  return new Map([
    ["types", table(["type", "meaning", "about", "happens", "moves the status to"], typeRows())],
    [
      "bridge",
      table(
        ["type", "meaning"],
        BRIDGE_TYPES.map((type) => [code(type), MEANINGS[type]]),
      ),
    ],
    ["fields", table(["field", "type", "meaning"], fieldRows())],
  ]);
}

const typeRows = () =>
  EVENT_TYPES.map((type) => {
    const meaning = meaningOf(type);
    const { about = "either, or neither", happens = "many", status = null } = meaning ?? {};
    return [code(type), MEANINGS[type], about, happens, status === null ? "–" : code(status)];
  });

function fieldRows(): string[][] {
  return rowsBelow(z.toJSONSchema(ForwardedEvent, { io: "output", reused: "inline" }), "");
}

/**
 * Members of an object, or of the objects of a list, follow it. Those that are the same views as before are
 * not repeated.
 */
function rowsBelow(schema: Schema, prefix: string): string[][] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, value]) => {
    if (typeof value !== "object") return [];
    const path = prefix + key;
    if (value.description === undefined) throw new Error(`${path} of an event has no description`);
    const isOptional = schema.required?.includes(key) !== true;
    const type = typeOf(value) + (isOptional ? ", may be absent" : "");
    const inner = path === "data.signers" ? [] : rowsBelow(objectOf(value), `${path}.`);
    return [[code(path), type, value.description], ...inner];
  });
}

/** The alternative that is not null. */
const objectOf = (schema: Schema): Schema => {
  const found = [schema, ...(schema.anyOf ?? [])].find((one) => typeof one === "object" && one.properties);
  return typeof found === "object" ? found : {};
};
