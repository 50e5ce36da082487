import type { SignerStatus } from "../domain/event.ts";
import { type Life, type Person, type State, stateAfter } from "./life.ts";

/** In what Lumin's posts differ from one another, by its own pages: constant for a document. */
export interface Style {
  workspace: string;
  /** What the link carries that opens the document. */
  token: string;
  /** What a signer's address is called. */
  address: "email" | "email_address";
  /** Times are strings of digits. */
  digits: boolean;
  /** The link stands inside `signature_request`. */
  linkInside: boolean;
  /** Signers sign one after the other: one who has signed waits for the others. */
  ordered: boolean;
}

export interface Moment {
  life: Life;
  /** How many of the life's happenings have happened. */
  told: number;
  word: string;
}

const DAY_MS = 86_400_000;

/** The body of a post, with all signers as they stand. The shape of what goes with `canceled` is not published; this is the usual one. */
export function luminBody({ life, told, word }: Moment, style: Style): string {
  const past = life.happenings.slice(0, told);
  const created = past[0]?.time ?? 0;
  const now = past.at(-1)?.time ?? created;
  const extended = past.filter(({ type }) => type === "document.due_date_changed").length;
  const state = stateAfter(life.people, past);
  const time = (at: number) => (style.digits ? String(at) : at);
  const link = {
    details_url: `https://sign.luminpdf.com/auth?mode=view-contract&token=${style.token}`,
  };
  return JSON.stringify({
    event: {
      event_time: time(now),
      event_type: word,
      event_metadata: { workspace_id: style.workspace },
    },
    signature_request: {
      signature_request_id: life.document,
      title: life.title,
      created_at: time(created),
      updated_at: time(now),
      expires_at: time(created + (30 + 7 * extended) * DAY_MS),
      status: requestStatus(state, told),
      signers: life.people.map((person) => toSigner(person, state, style)),
      ...(style.linkInside ? link : {}),
    },
    ...(style.linkInside ? {} : link),
  });
}

function requestStatus({ status, signers }: State, told: number): string {
  if (told === 1) return "WAITING_FOR_PROCESSING";
  if (status === "declined") return "REJECTED";
  if (status === "canceled") return "CANCELLED";
  if (isSignedByAll(signers)) return "APPROVED";
  return signers.some((one) => one.status === "signed") ? "WAITING_FOR_OTHERS" : "NEED_TO_SIGN";
}

function toSigner(person: Person, { signers }: State, style: Style) {
  const status = signers.find(({ signer }) => signer === person.id)?.status ?? null;
  return {
    name: `${person.first} ${person.last}`,
    [style.address]: person.email,
    status:
      style.ordered && status === "signed" && !isSignedByAll(signers) ? "WAITING_FOR_OTHERS" : wordOf(status),
    is_approved: status === "signed",
  };
}

function wordOf(status: SignerStatus | null): string {
  if (status === "signed") return "APPROVED";
  return status === "declined" ? "REJECTED" : "NEED_TO_SIGN";
}

function isSignedByAll(signers: State["signers"]): boolean {
  return signers.every(({ status }) => status === "signed");
}
