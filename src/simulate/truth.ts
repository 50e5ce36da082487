import type { DocumentStatus } from "../domain/event.ts";
import type { Fault } from "./letter.ts";
import type { Happening, State } from "./life.ts";
import type { Played } from "./play.ts";
import type { Story } from "./story.ts";

/**
 * What a simulation did, to be compared with what arrived: NDJSON, first every document, then every happening in the order in
 * which it happened, then every post in the order in which it was sent. `kind` tells them apart. Times are milliseconds since
 * 1970 by the provider's clock.
 *
 * A happening with `told: true` must have become exactly one event; one that is not `told` can have become one, where another
 * post gave it away. `signer` is the provider's id, or the e-mail address where the provider has none, or null where no post
 * shows who it was. A forged post must have been refused; its ids belong to nobody.
 */
export type TruthLine = DocumentLine | HappeningLine | PostLine;

export interface DocumentLine {
  kind: "document";
  document: string;
  title: string;
  /** How it truly ended. */
  status: DocumentStatus | null;
  downloadable: boolean;
  signers: State["signers"];
}

export interface HappeningLine extends Happening {
  kind: "happening";
  /** A post that can be read tells it, and was answered with 200. */
  told: boolean;
  /** Whether a chosen channel has a word for it at all. */
  tellable: boolean;
  /** Over which channels it was told so. */
  channels: readonly string[];
  /** The posts that tell it and were answered with 200, those that are cut included. */
  posts: readonly string[];
  /** Every post that would have told it was dropped. */
  dropped: boolean;
  /** Nothing of it was sent but posts whose bodies are cut. */
  truncated: boolean;
}

export interface PostLine {
  kind: "post";
  id: string;
  channel: string;
  at: number;
  documents: readonly string[];
  faults: readonly Fault[];
  /** How many happenings it tells. */
  tells: number;
  outcome: Outcome;
  /** Try by try; null: there was none. */
  answers: readonly (number | null)[];
  /** As the bridge called it. */
  receipt: string | null;
}

/** `taken`: answered with 200; `given_up`: never; `refused`: not, and forged; `unsent`: the play ended before. */
export type Outcome = "taken" | "refused" | "given_up" | "dropped" | "unsent";

export function tellTruth(stories: readonly Story[], played: readonly Played[]): TruthLine[] {
  const outcomes = new Map(played.map((one) => [one.post.id, outcomeOf(one)]));
  const happenings = stories
    .flatMap(({ told }) => told.map((one) => happeningLine(one, outcomes)))
    .toSorted((a, b) => a.time - b.time);
  return [...stories.map(documentLine), ...happenings, ...played.map(postLine)];
}

function outcomeOf({ post: { faults }, answers }: Played): Outcome {
  if (faults.includes("drop")) return "dropped";
  if (answers.length === 0) return "unsent";
  if (answers.at(-1)?.status === 200) return "taken";
  return faults.includes("forge") ? "refused" : "given_up";
}

function documentLine({ document, title, state }: Story): DocumentLine {
  return { kind: "document", document, title, ...state };
}

function happeningLine(
  { happening, posts }: Story["told"][number],
  outcomes: ReadonlyMap<string, Outcome>,
): HappeningLine {
  const sent = posts.filter(({ faults }) => !faults.includes("drop"));
  const whole = sent.filter(({ faults }) => !faults.includes("truncate"));
  const taken = sent.filter(({ id }) => outcomes.get(id) === "taken");
  const legible = taken.filter((post) => whole.includes(post));
  return {
    kind: "happening",
    ...happening,
    told: legible.length > 0,
    tellable: posts.length > 0,
    channels: [...new Set(legible.map(({ channel }) => channel))],
    posts: taken.map(({ id }) => id),
    dropped: posts.length > 0 && sent.length === 0,
    truncated: sent.length > 0 && whole.length === 0,
  };
}

function postLine(played: Played): PostLine {
  const { id, channel, at, documents, faults, tells } = played.post;
  return {
    kind: "post",
    id,
    channel,
    at,
    documents,
    faults,
    tells: tells.length,
    outcome: outcomeOf(played),
    answers: played.answers.map(({ status }) => status),
    receipt: readReply(played).receipt,
  };
}

/** What the bridge said that it made of a post. */
export interface Reply {
  receipt: string | null;
  /** New ones. */
  events: number;
  duplicates: number;
  problem: string | null;
}

/** Nothing of it where it was not taken, or the provider's own reply is asked for. */
export function readReply({ answers }: Pick<Played, "answers">): Reply {
  const last = answers.at(-1);
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
