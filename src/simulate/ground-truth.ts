import type { DocumentStatus } from "../domain/event.ts";
import type { Fault } from "./planned-post.ts";
import type { PostResult } from "./send.ts";
import type { SimulatedDocument } from "./simulation.ts";
import type { SimulatedHappening, SimulatedState } from "./timeline.ts";

/**
 * The ground truth of a simulation, to be compared with what arrived. As NDJSON: first every document, then
 * every happening in the order in which it happened, then every post in the order in which it was sent;
 * `kind` tells them apart. Times are milliseconds since 1970 by the provider's clock.
 *
 * A happening with `reported: true` must have become exactly one event. One without may have become one,
 * where another post shows it. `signer` is the provider's id, or the e-mail address where the provider has no
 * id, or null where no post shows which signer it was. A forged post must have been refused; its ids are
 * invented.
 */
export type GroundTruthLine = DocumentLine | HappeningLine | PostLine;

export interface DocumentLine {
  kind: "document";
  document: string;
  title: string;
  /** The final status. */
  status: DocumentStatus | null;
  downloadable: boolean;
  signers: SimulatedState["signers"];
}

export interface HappeningLine extends SimulatedHappening {
  kind: "happening";
  /** A post with a whole body reports it, and was answered with 200. */
  reported: boolean;
  /** A chosen channel reports happenings of this type. */
  reportable: boolean;
  /** The channels of the posts that make it `reported`. */
  channels: readonly string[];
  /** The posts that report it and were answered with 200, truncated ones included. */
  posts: readonly string[];
  /** Every post that reports it was dropped. */
  dropped: boolean;
  /** All posts that report it and were not dropped were truncated. */
  truncated: boolean;
}

export interface PostLine {
  kind: "post";
  id: string;
  channel: string;
  at: number;
  documents: readonly string[];
  faults: readonly Fault[];
  /** How many happenings it reports. */
  happenings: number;
  outcome: PostOutcome;
  /** The status of each attempt's response; null: there was no response. */
  statuses: readonly (number | null)[];
  /** The bridge's id of it. */
  receipt: string | null;
}

/**
 * `accepted`: answered with 200; `given_up`: genuine and never accepted; `refused`: forged and not accepted;
 * `unsent`: sending stopped before.
 */
export type PostOutcome = "accepted" | "refused" | "given_up" | "dropped" | "unsent";

export function groundTruthOf(
  documents: readonly SimulatedDocument[],
  results: readonly PostResult[],
): GroundTruthLine[] {
  const outcomes = new Map(results.map((result) => [result.post.id, outcomeOf(result)]));
  const happenings = documents
    .flatMap((document) => document.happenings.map((one) => happeningLine(one, outcomes)))
    .toSorted((a, b) => a.time - b.time);
  return [...documents.map(documentLine), ...happenings, ...results.map(postLine)];
}

function outcomeOf({ post: { faults }, responses }: PostResult): PostOutcome {
  if (faults.includes("drop")) return "dropped";
  if (responses.length === 0) return "unsent";
  if (responses.at(-1)?.status === 200) return "accepted";
  return faults.includes("forge") ? "refused" : "given_up";
}

function documentLine({ document, title, state }: SimulatedDocument): DocumentLine {
  return { kind: "document", document, title, ...state };
}

function happeningLine(
  { happening, posts }: SimulatedDocument["happenings"][number],
  outcomes: ReadonlyMap<string, PostOutcome>,
): HappeningLine {
  const sent = posts.filter(({ faults }) => !faults.includes("drop"));
  const whole = sent.filter(({ faults }) => !faults.includes("truncate"));
  const accepted = sent.filter(({ id }) => outcomes.get(id) === "accepted");
  const legible = accepted.filter((post) => whole.includes(post));
  return {
    kind: "happening",
    ...happening,
    reported: legible.length > 0,
    reportable: posts.length > 0,
    channels: [...new Set(legible.map(({ channel }) => channel))],
    posts: accepted.map(({ id }) => id),
    dropped: posts.length > 0 && sent.length === 0,
    truncated: sent.length > 0 && whole.length === 0,
  };
}

function postLine(result: PostResult): PostLine {
  const { id, channel, at, documents, faults, happenings } = result.post;
  return {
    kind: "post",
    id,
    channel,
    at,
    documents,
    faults,
    happenings: happenings.length,
    outcome: outcomeOf(result),
    statuses: result.responses.map(({ status }) => status),
    receipt: readReply(result).receipt,
  };
}

/** The counts in the bridge's response to an accepted post. */
export interface BridgeReply {
  receipt: string | null;
  /** New events. */
  events: number;
  duplicates: number;
  problem: string | null;
}

/** Empty where the post was not accepted, or the response has the provider's own form. */
export function readReply({ responses }: Pick<PostResult, "responses">): BridgeReply {
  const last = responses.at(-1);
  const reply = last?.status === 200 ? parse(last.text) : {};
  const count = (value: unknown) => (typeof value === "number" ? value : 0);
  const text = (value: unknown) => (typeof value === "string" ? value : null);
  return {
    receipt: text(reply.receipt),
    events: count(reply.events),
    duplicates: count(reply.duplicates),
    problem: text(reply.problem),
  };
}

function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
