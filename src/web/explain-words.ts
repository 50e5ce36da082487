import type { DocumentView, Event, EventType, SignerView } from "../domain/event.ts";
import { maskAddress, maskAddresses } from "../domain/mask.ts";

/** Events, signers and documents in plain words: addresses are masked, long texts of strangers are cut. */

const MAX_NAME_LENGTH = 40;
const MAX_TITLE_LENGTH = 60;

type Phrase = (signer: string) => string;

/** Each phrase about a signer has a place for the signer. */
const PHRASES: Readonly<Record<Exclude<EventType, "unknown">, Phrase>> = {
  "bridge.concern.opened": () => "something needs a person",
  "bridge.concern.closed": () => "something needs no person any more",
  "bridge.alert": () => "changes of what needs a person",
  "bridge.test": () => "test of a destination",
  "document.created": () => "document created",
  "document.sent": () => "document sent for signing",
  "document.fields_completed": () => "fields of the document completed",
  "document.completed": () => "document completed",
  "document.downloadable": () => "finished PDF ready to download",
  "document.declined": () => "document declined",
  "document.canceled": () => "document canceled",
  "document.cancel_failed": () => "canceling the document failed",
  "document.failed": () => "document failed",
  "document.due_date_changed": () => "due date changed",
  "document.expired": () => "document expired",
  "signer.unsent": (signer) => `not sent yet to ${signer}`,
  "signer.scheduled": (signer) => `scheduled for ${signer}`,
  "signer.sent": (signer) => `sent to ${signer}`,
  "signer.bounced": (signer) => `e-mail bounced for ${signer}`,
  "signer.email_opened": (signer) => `e-mail opened by ${signer}`,
  "signer.viewed": (signer) => `viewed by ${signer}`,
  "signer.fields_completed": (signer) => `fields completed by ${signer}`,
  "signer.awaiting_signature": (signer) => `signature awaited from ${signer}`,
  "signer.awaiting_witness": (signer) => `witness awaited for ${signer}`,
  "signer.signed": (signer) => `signed by ${signer}`,
  "signer.downloaded": (signer) => `downloaded by ${signer}`,
  "signer.declined": (signer) => `declined by ${signer}`,
  "signer.visit_failed": (signer) => `visit failed for ${signer}`,
};

const SOMEBODY = "a signer";

/** What happened, such as `signed by Ada Example (witness)`. */
export function describeEvent({ type, signer, code }: Pick<Event, "type" | "signer" | "code">): string {
  if (type !== "unknown") return PHRASES[type](signer ? nameSigner(signer) : SOMEBODY);
  const said = shorten([code.object, code.value].filter(Boolean).join(" "), MAX_NAME_LENGTH);
  return `unknown code “${said}”${signer ? ` about ${nameSigner(signer)}` : ""}`;
}

/** The same where only the type is known. */
export function describeType(type: EventType): string {
  return type === "unknown" ? "unknown code" : PHRASES[type](SOMEBODY);
}

/** The signer's name, else the masked address, else the id; with the role where that is known. */
export function nameSigner({ id, name, email, role }: SignerView): string {
  const shown = name || (email ? maskAddress(email) : `signer ${id}`);
  return `${shorten(shown, MAX_NAME_LENGTH)}${role === null ? "" : ` (${role})`}`;
}

/** The document's id with its title. */
export function nameDocument({ id, title }: Pick<DocumentView, "id" | "title">): string {
  const name = `document ${shorten(id, MAX_TITLE_LENGTH)}`;
  return title ? `${name} “${shorten(title, MAX_TITLE_LENGTH)}”` : name;
}

/** The text with its addresses masked, and at most `length` characters and an ellipsis of it. */
export function shorten(text: string, length: number): string {
  const characters = [...maskAddresses(text).slice(0, 2 * (length + 1))];
  return characters.length <= length ? characters.join("") : `${characters.slice(0, length).join("")}…`;
}

/** Numbers in rising order with runs joined: `1–3, 5`. */
export function formatRanges(numbers: readonly number[]): string {
  const runs: [first: number, last: number][] = [];
  for (const number of numbers.toSorted((a, b) => a - b)) {
    const run = runs.at(-1);
    if (run && number <= run[1] + 1) run[1] = number;
    else runs.push([number, number]);
  }
  return runs.map(([first, last]) => (first === last ? `${first}` : `${first}–${last}`)).join(", ");
}
