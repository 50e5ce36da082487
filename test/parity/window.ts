import type { EventType } from "../../src/domain/event.ts";
import type { Receipt } from "../../src/domain/receipt.ts";
import type { Channel } from "../../src/inbound/channel.ts";
import { type CompareParts, compare } from "../../src/parity/compare.ts";
import type { Requests } from "../../src/parity/gather.ts";
import type { ParityReport } from "../../src/parity/report.ts";
import type { ParitySettings } from "../../src/parity/scope.ts";
import { type Chance, createChance } from "../../src/simulate/chance.ts";
import type { Fault } from "../../src/simulate/planned-post.ts";
import {
  type ProviderName,
  type ProviderPost,
  postsOf,
  type SimulatedDocument,
} from "../../src/simulate/simulation.ts";
import type { SimulatedHappening } from "../../src/simulate/timeline.ts";
import { shipped } from "../inbound/posts.ts";
import { simulated } from "../simulate/simulated.ts";
import { NEW_YEAR } from "../support/builders.ts";

/** A window of kept requests about simulated documents, in which losses and alterations are known exactly. */

const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

export const SETTINGS: ParitySettings = {
  ...{ tolerance: 2 * 60_000, coverage: 99.9, minPairs: 30, minWindow: 2 * DAY, validFor: 7 * DAY },
  ...{ relativeToNoise: false, ignore: [] },
};

export interface Window {
  documents: readonly SimulatedDocument[];
  posts: ProviderPost[];
  chance: Chance;
  /** When the last document begins, milliseconds since 1970; all is over two days later. */
  lastStart: number;
}

export interface WindowOptions {
  provider?: ProviderName;
  documents: number;
  channels: readonly string[];
  faults?: readonly Fault[];
  seed?: number;
  signers?: number;
  /** When the first document begins, milliseconds since 1970. */
  start?: number;
}

const WAVES = 12;
const WAVE_MS = 6 * HOUR;

/** Documents that begin over three days, since those of one simulation all begin within two hours. */
export function aWindow({
  documents: count,
  seed = 1,
  signers = 2,
  start: begin = NEW_YEAR,
  ...given
}: WindowOptions): Window {
  const waves = Array.from({ length: WAVES }, (_, wave) => {
    const documents = Math.floor(count / WAVES) + (wave < count % WAVES ? 1 : 0);
    const start = begin + wave * WAVE_MS;
    return simulated({
      provider: "legalesign",
      ...given,
      documents,
      signers,
      start,
      seed: seed * 100 + wave,
    });
  });
  const documents = waves.flat();
  const posts = waves.flatMap((wave, index) =>
    postsOf(wave).map((post) => ({ ...post, id: `${index}-${post.id}` })),
  );
  const lastStart = begin + (WAVES - 1) * WAVE_MS;
  return { documents, posts, chance: createChance(`window ${seed}`), lastStart };
}

/** What a finding of a report is about. */
export interface Named {
  document: string | null;
  signer: string | null;
  type: EventType;
}

export const nameOf = ({ document, signer, type }: Named) => `${type} ${document} ${signer}`;

/** Happenings that a post of each of these channels tells of, in the order of documents. */
export function toldBy(window: Window, channels: readonly string[]): SimulatedHappening[] {
  return window.documents.flatMap(({ happenings }) =>
    happenings
      .filter(({ posts }) => channels.every((channel) => posts.some((post) => post.channel === channel)))
      .map(({ happening }) => happening),
  );
}

/** The window without any telling of these happenings over these channels. */
export function without(
  window: Window,
  lost: ReadonlySet<SimulatedHappening>,
  channels: readonly string[],
): Window {
  return { ...window, posts: window.posts.flatMap((post) => lose(post, lost, channels)) };
}

function lose(
  post: ProviderPost,
  lost: ReadonlySet<SimulatedHappening>,
  channels: readonly string[],
): ProviderPost[] {
  if (!channels.includes(post.channel) || !post.happenings.some((one) => lost.has(one))) return [post];
  if (post.channel !== "batch") return [];
  const items = itemsOf(post).filter((_, index) => !lost.has(post.happenings[index] as SimulatedHappening));
  return [withItems(post, items)];
}

interface BatchItem {
  value: string;
  timestamp: string;
}

function itemsOf({ body }: ProviderPost): BatchItem[] {
  return JSON.parse(new URLSearchParams(body).get("data") ?? "[]");
}

function withItems(post: ProviderPost, items: readonly BatchItem[]): ProviderPost {
  return { ...post, body: new URLSearchParams({ data: JSON.stringify(items) }).toString() };
}

/** The window with these happenings' items of the batch changed. */
export function alterBatch(
  window: Window,
  altered: ReadonlySet<SimulatedHappening>,
  alter: (item: BatchItem) => BatchItem,
): Window {
  const posts = window.posts.map((post) => {
    if (post.channel !== "batch" || !post.happenings.some((one) => altered.has(one))) return post;
    const items = itemsOf(post).map((item, index) =>
      altered.has(post.happenings[index] as SimulatedHappening) ? alter(item) : item,
    );
    return withItems(post, items);
  });
  return { ...window, posts };
}

/** The window with the posts of a channel about these happenings changed; absent: all of them. */
export function alterJson(
  window: Window,
  channel: string,
  alter: (body: ReturnType<typeof JSON.parse>, post: ProviderPost) => void,
  altered?: ReadonlySet<SimulatedHappening>,
): Window {
  const posts = window.posts.map((post) => {
    if (post.channel !== channel) return post;
    if (altered && !post.happenings.some((one) => altered.has(one))) return post;
    const body = JSON.parse(post.body);
    alter(body, post);
    return { ...post, body: JSON.stringify(body) };
  });
  return { ...window, posts };
}

/** The realtime channel's clock differs from the others' by up to 90 s, differently for each happening. */
export function withClocksApart(window: Window): Window {
  const shifts = new Map<SimulatedHappening, number>();
  return alterJson(window, "realtime", (body, { happenings: [happening] }) => {
    if (!happening) return;
    if (!shifts.has(happening)) shifts.set(happening, window.chance.int(-90, 90));
    body.created += shifts.get(happening) ?? 0;
  });
}

export function receiptsOf({ posts }: Pick<Window, "posts">, source: string, mapping: string): Receipt[] {
  const sent = posts.filter(({ faults }) => !faults.includes("drop") && !faults.includes("forge"));
  return sent
    .toSorted((a, b) => a.at - b.at)
    .map(({ channel, at, query, body, headers }, index) => ({
      id: `rcp_${String(index).padStart(26, "0")}`,
      ...{ source, channel, headers, mapping, receivedAt: at },
      query: new URLSearchParams(query).toString(),
      body: Buffer.from(body),
      ...{ verified: "token", problems: [] },
    }));
}

/** Requests in memory, in pages. */
export function requestsOf(receipts: readonly Receipt[]): Requests {
  const byId = new Map(receipts.map((one) => [one.id, one]));
  return {
    async read({ channels, from = 0, until = Number.POSITIVE_INFINITY }, { cursor = "0", limit }) {
      const begin = Number(cursor);
      const items = receipts
        .slice(begin, begin + limit)
        .filter(({ receivedAt }) => receivedAt >= from && receivedAt < until)
        .filter((one) => channels.some(({ source, name }) => source === one.source && name === one.channel));
      return { items, next: begin + limit < receipts.length ? String(begin + limit) : null };
    },
    find: async (id) => byId.get(id) ?? null,
  };
}

export interface CompareOptions extends Partial<Omit<CompareParts, "old" | "new" | "settings">> {
  old: readonly string[];
  new: readonly string[];
  provider?: ProviderName;
  settings?: Partial<ParitySettings>;
}

export async function compareWindow(
  window: Window,
  { old, new: others, provider = "legalesign", settings = {}, ...given }: CompareOptions,
): Promise<ParityReport> {
  const channelsOf = (names: readonly string[]): Promise<Channel[]> =>
    Promise.all(names.map((name) => shipped(provider, name)));
  const [olds, news] = [await channelsOf(old), await channelsOf(others)];
  const mapping = olds[0]?.mapping.digest ?? "";
  const report = await compare({
    requests: requestsOf(receiptsOf(window, provider, mapping)),
    ...{ old: olds, new: news, exceptions: [], retention: 90 * DAY, full: false },
    ...{ from: NEW_YEAR - 1_000, until: window.lastStart + 4 * DAY, id: "report", version: "0" },
    progress: () => true,
    ...given,
    settings: { ...SETTINGS, ...settings },
  });
  if (!report) throw new Error("the comparison was stopped");
  return report;
}

/** The names of the unexplained losses, by the side that did not tell them. */
export function lossesOf(report: ParityReport, side: "old" | "new"): string[] {
  return report.losses
    .filter((one) => one.class === "unexplained" && one.missing === side)
    .map(nameOf)
    .sort();
}
