import type { Attempt, Outcome } from "../../src/domain/delivery.ts";
import type { Draft } from "../../src/domain/draft.ts";
import type { DestinationState } from "../../src/store/port/control.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { type Explanation, explain } from "../../src/web/explain.ts";
import { atTidy } from "../support/bridge.ts";
import { aDocument, aDraft, aReceipt, aRecordRequest, aSigner, CRM, NEW_YEAR } from "../support/builders.ts";
import { only } from "../support/only.ts";

/** A store in which tests record and attempt events, and explain's account of them. */

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;

export const SENDING: DestinationState = { name: "crm", paused: null, breaker: null };

/** `tidy` closes the store. */
export function createExplainer() {
  let tokens = 0;
  const store = openSqliteStore({ file: ":memory:", token: () => `token-${tokens++}` });
  atTidy(() => void store.close());

  /** Leases what is due to crm at `now`, for a minute. */
  const lease = (now: number) => store.claim({ destination: "crm", limit: 1, now, until: now + MINUTE });

  return {
    store,
    lease,
    /** Makes the attempt at the delivery that is due at its beginning. */
    async attempt(given: Partial<Attempt>, outcome: Outcome): Promise<void> {
      const attempt = { ...ANSWERED, ...given };
      const [{ delivery, token } = { delivery: null, token: "" }] = await lease(attempt.startedAt);
      if (!delivery) throw new Error("nothing is due to crm");
      const at = attempt.startedAt + attempt.duration;
      await store.settle({ token, attempt, outcome, at });
    },
    /** The explanation at a moment, with crm in a state; null for the state: it is not configured. */
    async explain(
      id: string,
      { now = NEW_YEAR + MINUTE, state = SENDING }: { now?: number; state?: DestinationState | null } = {},
    ): Promise<Explanation> {
      const states = () => (state === null ? [] : [state]);
      const explanation = await explain(id, { store, states, unsupporting: () => [], now: () => now });
      if (!explanation) throw new Error(`nothing is known of ${id}`);
      return explanation;
    },
  };
}

const ANSWERED: Attempt = {
  number: 1,
  startedAt: NEW_YEAR,
  duration: 2_000,
  cause: "answered",
  status: 200,
  answer: null,
  retryAfter: null,
};

/** The first row's line for its first delivery, with the text of its footnotes in place of their marks. */
export function firstLine({ summary }: Explanation): string {
  const [{ text } = { text: "" }] = summary.rows[0]?.deliveries ?? [];
  return withNotes(text, summary.notes);
}

/** The text with its footnotes instead of their marks. */
export function withNotes(text: string, notes: readonly string[]): string {
  return text.replace(/\[(\d+)\]/g, (_, number) => `[${notes[Number(number) - 1]}]`);
}

/** An explainer with an event to crm, and the ids. */
export async function aDelivery(document = "doc-1", ordering: "document" | "none" = "document") {
  const explainer = createExplainer();
  const draft = aDraft({ document: aDocument(document), time: NEW_YEAR - SECOND });
  const { events } = await explainer.store.record(
    aRecordRequest([draft], { subscribers: [{ ...CRM, ordering }] }),
  );
  const event = only(events).id;
  const delivery = only((await explainer.store.findEvent(event))?.deliveries ?? []);
  return { ...explainer, event, delivery: delivery.id };
}

/** The line after one attempt. */
export async function lineAfter(given: Partial<Attempt>, outcome: Outcome): Promise<string> {
  const { attempt, explain, event } = await aDelivery();
  await attempt(given, outcome);
  return firstLine(await explain(event));
}

/** The outcome of an attempt after which another follows. */
export const LATER = { status: "pending", dueAt: NEW_YEAR + 5 * MINUTE } as const satisfies Outcome;

export const RECEIVED = NEW_YEAR + MINUTE;

type Explainer = ReturnType<typeof createExplainer>;

/** Records the events of one request. */
export async function record({ store }: Explainer, drafts: readonly Partial<Draft>[], receipt = {}) {
  const stored = aReceipt({ receivedAt: RECEIVED, ...receipt });
  await store.record(aRecordRequest(drafts.map(aDraft), { receipt: stored }));
  return stored;
}

/** The event that one of thirty signers has viewed the document. */
export const viewed = (nth: number): Partial<Draft> => ({
  type: "signer.viewed",
  time: NEW_YEAR + nth * SECOND,
  signer: aSigner(`s${nth % 30}`, { name: `Signer ${nth % 30}` }),
});
