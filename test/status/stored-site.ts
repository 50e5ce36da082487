import { evaluate } from "../../src/concern/evaluate.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../src/concern/words.ts";
import type { Outcome } from "../../src/domain/delivery.ts";
import type { Draft } from "../../src/domain/draft.ts";
import type { EventType } from "../../src/domain/event.ts";
import type { Channel } from "../../src/inbound/channel.ts";
import type { Destination } from "../../src/outbound/destination.ts";
import type { DiskUse } from "../../src/status/disk.ts";
import { createDiskWatch } from "../../src/status/disk.ts";
import { createLook } from "../../src/status/look.ts";
import { createSecretWatch } from "../../src/status/secret-watch.ts";
import { createUptime } from "../../src/status/uptime.ts";
import type { DestinationState } from "../../src/store/port/control.ts";
import type { Store } from "../../src/store/store.ts";
import { type Life, NEVER } from "../concern/lives.ts";
import { type Arrival, CHANNELS } from "../concern/site.ts";
import { anAttempt } from "../store/filled.ts";
import { aDocument, aDraft, aReceipt, aRecordRequest, aSigner, CRM } from "../support/builders.ts";
import type { ManualClock } from "../support/clock.ts";

/** A simulated site whose posts, documents and deliveries are rows of a real store. */

const LIMIT_MS = HOUR_MS;
const DESTINATIONS = [{ name: "crm", waitingLimit: LIMIT_MS }, { name: "archive" }];
/** Documents are told over a channel of their own, so that the others keep their rhythm. */
const DOCUMENTS_CHANNEL = "documents";

export function createStoredSite(store: Store, clock: ManualClock) {
  const states = new Map<string, DestinationState>();
  const secrets = createSecretWatch(store, clock.now);
  let runs = 0;
  let uptime = createUptime(store, clock, "run 0");
  const disk: DiskUse = { freeBytes: 50 * 1_024 ** 3, storeBytes: 1_024 ** 2 };
  const channels = CHANNELS.map(
    ({ source, name }) =>
      ({ source, name, mapping: { provider: source }, checks: ["one"] }) as unknown as Channel,
  );
  const look = createLook({
    ...{ store, secrets, now: clock.now, written: async () => {}, stuckAfter: () => 14 * DAY_MS },
    uptime: { lastStop: () => uptime.lastStop(), clockJumps: () => uptime.clockJumps() },
    channels: () => channels,
    destinations: () => DESTINATIONS as unknown as Destination[],
    states: () => [...states.values()],
    disk: createDiskWatch(store, async () => disk, clock.now),
  });

  async function record(drafts: readonly Draft[], at: number, channel: string, subscribers: string[] = []) {
    const [draft] = drafts;
    const receipt = aReceipt({
      source: draft?.source ?? "",
      channel,
      receivedAt: at,
      body: new Uint8Array(),
    });
    const wanted = subscribers.map((name) => ({ ...CRM, name, ordering: "none" as const }));
    await store.record(aRecordRequest(drafts, { receipt, subscribers: wanted }));
  }

  async function attempt(destination: string, outcome: Outcome, times = 1): Promise<void> {
    const now = clock.now();
    for (const lease of await store.claim({ destination, limit: 1_000, now, until: now + MINUTE_MS }))
      for (let n = 0; n < times; n += 1) {
        const status = outcome.status === "delivered" ? 200 : 500;
        const number = lease.delivery.attempts + 1 + n;
        const one = {
          token: lease.token,
          attempt: anAttempt({ number, startedAt: now, status }),
          outcome,
          at: now,
        };
        await store.settle(one);
      }
  }

  let deliveries = 0;
  return {
    ...{ states, secrets, disk, attempt },
    /** The bridge runs. */
    beat: () => uptime.beat(),
    restart() {
      runs += 1;
      uptime = createUptime(store, clock, `run ${runs}`);
    },
    /** Posts of a channel, in one turn. */
    arrive: (index: number, arrivals: readonly Arrival[]) => {
      const { source, name } = CHANNELS[index] ?? CHANNELS[0];
      return Promise.all(arrivals.map((one) => arriveOne(store, source, name, one)));
    },
    /** What happens to a document in a time. */
    live: async (life: Life, from: number, until: number) => {
      for (const { at, drafts } of momentsOf(life))
        if (at > from && at <= until) await record(drafts, at, DOCUMENTS_CHANNEL);
    },
    /** An event of that type, and its delivery. */
    send: (type: EventType, source: string, destination: string) => {
      deliveries += 1;
      const document = aDocument(`sent-${deliveries}`);
      const drafts = [aDraft({ source, provider: source, type, document, time: clock.now() })];
      return record(drafts, clock.now(), DOCUMENTS_CHANNEL, [destination]);
    },
    unreadable: async (source: string, channel: string) => {
      const problem = { kind: "undecodable" as const, item: null, field: "body", message: "no JSON" };
      const receipt = aReceipt({ source, channel, receivedAt: clock.now(), problems: [problem] });
      await store.record(aRecordRequest([], { receipt }));
      return () => store.amend(aRecordRequest([], { receipt: { ...receipt, problems: [] } }));
    },
    say: (source: string, value: string) => {
      const code = { object: null, value, name: "status", meaning: null };
      const document = aDocument(`said-${value}`);
      const draft = aDraft({
        source,
        provider: source,
        type: "unknown",
        document,
        code,
        digest: value,
        time: clock.now(),
      });
      return record([draft], clock.now(), DOCUMENTS_CHANNEL);
    },
    /** The ids of what needs a person, sorted. */
    named: async (): Promise<string[]> =>
      evaluate(await look(true))
        .map(({ id }) => id)
        .sort(),
  };
}

function arriveOne(
  store: Store,
  source: string,
  channel: string,
  { at, outcome }: Arrival,
): Promise<unknown> {
  const receipt = aReceipt({ source, channel, receivedAt: at, body: new Uint8Array(), headers: {} });
  if (outcome === "accepted") return store.record(aRecordRequest([], { receipt }));
  const { id, query, headers } = receipt;
  const shown = { token: null, authorization: null };
  const rejection = { id: id.replace("rcp", "rej"), source, channel, receivedAt: at, query, headers };
  return store.reject({ ...rejection, body: null, reason: "hmac", shown }, 1_000);
}

/** Every report about a document, in order. */
function momentsOf(life: Life): { at: number; drafts: Draft[] }[] {
  const { source, id, sentAt, signedAt, completedAt, declinedAt, pdfAt, expiresAt, expiryToldAt } = life;
  const endedAt = Math.min(completedAt, declinedAt, expiryToldAt);
  const document = { ...aDocument(id), expiresAt: expiresAt === NEVER ? null : expiresAt };
  const signersAt = (at: number) =>
    signedAt.map((time, index) =>
      aSigner(`${id}-${index}`, { role: "signer", status: time <= at ? "signed" : "sent" }),
    );
  const draft = (type: EventType, at: number, given: Partial<Draft> = {}) => ({
    at,
    drafts: [
      aDraft({
        ...{ source, provider: source, channel: DOCUMENTS_CHANNEL, type, document, time: at, digest: type },
        ...given,
      }),
    ],
  });
  const moments = [
    draft("document.created", sentAt),
    draft("document.sent", sentAt, { signers: signersAt(sentAt) }),
    ...signedAt.flatMap((at, index) => {
      const signer = signersAt(at)[index];
      return signer && (at < endedAt || at === completedAt) ? [draft("signer.signed", at, { signer })] : [];
    }),
    ...(completedAt === endedAt ? [draft("document.completed", completedAt)] : []),
    ...(completedAt === endedAt ? [draft("document.downloadable", pdfAt)] : []),
    ...(declinedAt === endedAt ? [draft("document.declined", declinedAt)] : []),
    ...(expiryToldAt === endedAt ? [draft("document.expired", expiryToldAt)] : []),
  ];
  return moments.filter(({ at }) => at !== NEVER).sort((one, other) => one.at - other.at);
}
