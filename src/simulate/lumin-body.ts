import type { SignerStatus } from "../domain/event.ts";
import { type Person, type SimulatedState, stateAfter, type Timeline } from "./timeline.ts";

/** The variants that Lumin's documentation shows: constant for a document. */
export interface BodyStyle {
  workspace: string;
  /** Stands in the link that opens the document. */
  token: string;
  /** The member with a signer's address. */
  address: "email" | "email_address";
  /** Times are strings of digits. */
  digits: boolean;
  /** The link stands inside `signature_request`. */
  linkInside: boolean;
  /** Signers sign one after the other: whose turn is over is `WAITING_FOR_OTHERS`. */
  ordered: boolean;
}

export interface BodyContent {
  timeline: Timeline;
  /** How many happenings of the timeline are over, the reported one included. */
  happened: number;
  eventType: string;
}

const DAY_MS = 86_400_000;

/**
 * The body of a post, with the state of all signers. That of `canceled` is not published: it gets the usual
 * shape.
 */
export function luminBody({ timeline, happened, eventType }: BodyContent, style: BodyStyle): string {
  const past = timeline.happenings.slice(0, happened);
  const created = past[0]?.time ?? 0;
  const now = past.at(-1)?.time ?? created;
  const extended = past.filter(({ type }) => type === "document.due_date_changed").length;
  const state = stateAfter(timeline.people, past);
  const time = (at: number) => (style.digits ? String(at) : at);
  const link = {
    details_url: `https://sign.luminpdf.com/auth?mode=view-contract&token=${style.token}`,
  };
  return JSON.stringify({
    event: {
      event_time: time(now),
      event_type: eventType,
      event_metadata: { workspace_id: style.workspace },
    },
    signature_request: {
      signature_request_id: timeline.document,
      title: timeline.title,
      created_at: time(created),
      updated_at: time(now),
      expires_at: time(created + (30 + 7 * extended) * DAY_MS),
      status: requestStatus(state, happened),
      signers: timeline.people.map((person) => toSigner(person, state, style)),
      ...(style.linkInside ? link : {}),
    },
    ...(style.linkInside ? {} : link),
  });
}

function requestStatus({ status, signers }: SimulatedState, happened: number): string {
  if (happened === 1) return "WAITING_FOR_PROCESSING";
  if (status === "declined") return "REJECTED";
  if (status === "canceled") return "CANCELLED";
  if (isSignedByAll(signers)) return "APPROVED";
  return signers.some((one) => one.status === "signed") ? "WAITING_FOR_OTHERS" : "NEED_TO_SIGN";
}

function toSigner(person: Person, { signers }: SimulatedState, style: BodyStyle) {
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

function isSignedByAll(signers: SimulatedState["signers"]): boolean {
  return signers.every(({ status }) => status === "signed");
}
