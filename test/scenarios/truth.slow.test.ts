import { expect } from "chai";
import { signerId } from "../../src/domain/identity.ts";
import { groundTruthOf } from "../../src/simulate/ground-truth.ts";
import { FAULTS } from "../../src/simulate/planned-post.ts";
import { type PostResult, type SendOptions, sendAll } from "../../src/simulate/send.ts";
import { type ProviderName, type SimulatedDocument, simulate } from "../../src/simulate/simulation.ts";
import { type Summary, summaryOf } from "../../src/simulate/summary.ts";
import {
  type Bridge,
  configText,
  type Delivered,
  LUMIN_KEY,
  type Receiver,
  SECRET,
  startBridge,
  startReceiver,
  TOKEN,
  tidy,
} from "../support/bridge.ts";
import { NEW_YEAR } from "../support/builders.ts";
import { type Arrival, type Comparison, compare, type Shown, type SimulationRun } from "./compare.ts";

/** TRUTH_SEED simulates other documents than those of every day. */
const SEED = Number(process.env.TRUTH_SEED ?? 1);
const REALTIME_SECRET = "a-realtime-secret";
const ALL = { lumin: ["account"], legalesign: ["upon", "batch", "realtime"] } as const;
/** How far Legalesign's realtime clock may be behind that of its batches, in milliseconds. */
const SKEW = { lumin: 0, legalesign: 3_000 } as const;
/** One in this many deliveries to the destination that orders documents is refused, and retried. */
const REFUSAL_INTERVAL = 50;
/** On a busy machine an answer may take long, and what is attempted again after a timeout arrives twice. */
const USUAL = `secrets: ["${SECRET}"], concurrency: 64, timeout: 5m`;

interface RunOptions {
  provider: ProviderName;
  documents: number;
  channels?: readonly string[];
}

function documentsOf({ provider, documents, channels = ALL[provider] }: RunOptions): SimulatedDocument[] {
  return simulate({
    provider,
    documents,
    channels,
    signers: 3,
    seed: SEED,
    faults: FAULTS,
    start: NEW_YEAR,
    skew: SKEW[provider],
    secret: provider === "lumin" ? LUMIN_KEY : REALTIME_SECRET,
    token: TOKEN,
  });
}

function config(inOrder: Receiver, atOnce: Receiver): string {
  return configText(`destinations:
  in-order: { url: "${inOrder.url}", ${USUAL}, ordering: document, retry: [1ms, 1ms, 1ms] }
  at-once: { url: "${atOnce.url}", ${USUAL}, ordering: none }
`)
    .replace("      account:", `      app: { secrets: ["${LUMIN_KEY}"] }\n      account:`)
    .replace("destinations:", `      realtime: { secrets: ["${REALTIME_SECRET}"] }\ndestinations:`);
}

interface SentRun extends SimulationRun {
  results: readonly PostResult[];
  summary: Summary;
}

/** Sends a provider's posts to a bridge. */
async function sendTo(options: RunOptions, bridge: Pick<Bridge, "post">): Promise<SentRun> {
  const { provider } = options;
  const clock = new Map<string, { sent: number; answered: number }>();
  let ticks = 0;
  const sending: SendOptions = {
    signal: new AbortController().signal,
    wait: async () => {},
    concurrency: 64,
    async post({ id, channel, query, headers, body }) {
      const sent = ++ticks;
      const path = `/in/${provider}/${channel}?${new URLSearchParams(query)}`;
      const answer = await bridge.post(path, body, headers);
      clock.set(id, { sent, answered: ++ticks });
      return { status: answer.status, text: JSON.stringify(answer.body) };
    },
  };
  const documents = documentsOf(options);
  const results = await sendAll(documents, sending);
  const truth = groundTruthOf(documents, results);
  return { provider, truth, results, clock, skew: SKEW[provider], summary: summaryOf(truth, results) };
}

interface BridgeOutcome {
  runs: readonly SentRun[];
  /** The deliveries that each destination accepted. */
  accepted: Readonly<Record<"inOrder" | "atOnce", readonly Delivered[]>>;
  documents: readonly (Shown & { source: string })[];
}

/** Sends to a bridge with two destinations, until each has got all events that the bridge counted. */
async function bridgeAll(all: readonly RunOptions[]): Promise<BridgeOutcome> {
  const inOrder = await startReceiver((nth) => (nth % REFUSAL_INTERVAL === 0 ? 503 : 200));
  const atOnce = await startReceiver();
  const bridge = await startBridge(config(inOrder, atOnce));
  const runs = await Promise.all(all.map((options) => sendTo(options, bridge)));
  const events = runs.reduce((sum, { summary }) => sum + summary.bridge.events, 0);
  await inOrder.got(events + Math.floor((events - 1) / (REFUSAL_INTERVAL - 1)));
  await atOnce.got(events);
  const documents = await listDocuments(bridge);
  await bridge.stop();
  const accepted = inOrder.deliveries.filter((_, index) => (index + 1) % REFUSAL_INTERVAL !== 0);
  return { runs, documents, accepted: { inOrder: accepted, atOnce: atOnce.deliveries } };
}

async function listDocuments(bridge: Bridge): Promise<BridgeOutcome["documents"]> {
  const all: (Shown & { source: string })[] = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const { body } = await bridge.admin(
      `/api/v1/documents?order=oldest&limit=1000${cursor && `&cursor=${cursor}`}`,
    );
    all.push(...body.items);
    cursor = body.next;
  }
  return all;
}

function toArrival({ json: { id, type, time, data } }: Delivered): Arrival {
  return {
    id,
    type: type.slice("esign.".length),
    time: Date.parse(time),
    channel: data.channel,
    receipt: data.provenance.receipt,
    document: data.document?.id ?? null,
    signer: data.signer,
  };
}

/** Compares one destination's events of one provider with the ground truth, and prints the counts. */
function compareAt(run: SentRun, destination: "inOrder" | "atOnce", outcome: BridgeOutcome): Comparison {
  const { provider, summary } = run;
  const arrivals = outcome.accepted[destination]
    .filter(({ json }) => json.data.provider === provider)
    .map(toArrival);
  const documents = outcome.documents.filter(({ source }) => source === provider);
  const comparison = compare(run, arrivals, documents);
  console.info(
    `      ${describeCounts(summary, comparison, `${provider}, ${destination}: ${arrivals.length} events`)}`,
  );
  return comparison;
}

function describeCounts(
  { happenings, posts, bridge }: Summary,
  comparison: Comparison,
  what: string,
): string {
  const { lost, revealed, unnamed, unlinked, unfinished, complaints } = comparison;
  return [
    `${what} of ${happenings.all} happenings (${happenings.reported} reported)`,
    `${posts.accepted} posts accepted of ${posts.all}, ${posts.dropped} dropped, ` +
      `${bridge.problems} unreadable`,
    `${bridge.duplicates} duplicates recognised, ${posts.forged.refused} forged refused`,
    `excused: ${lost} happenings lost, ${revealed} shown by later posts, ${unnamed} unnamed, ` +
      `${unlinked} without document, ${unfinished} documents`,
    `${complaints.length} complaints`,
  ].join("; ");
}

/** The sequence numbers of each document's events, in the order of arrival. */
function sequencesOf(deliveries: readonly Delivered[]): number[][] {
  const known = deliveries.filter(({ json }) => json.data.document !== null);
  const documents = Map.groupBy(known, ({ json }) => `${json.source} ${json.data.document.id}`);
  return [...documents.values()].map((all) => all.map(({ json }) => json.data.sequence));
}

function expectTruth(outcome: BridgeOutcome): void {
  for (const run of outcome.runs) {
    const { posts } = run.summary;
    expect(posts.forged.refused).to.be.greaterThan(0);
    expect([
      posts.givenUp,
      posts.unsent,
      posts.forged.accepted,
      posts.attempts - posts.accepted,
    ]).to.deep.equal([0, 0, 0, posts.forged.refused]);
    for (const destination of ["inOrder", "atOnce"] as const)
      expect(compareAt(run, destination, outcome).complaints).to.deep.equal([]);
  }
  const ids = Object.values(outcome.accepted).map((all) => all.map(({ headers }) => headers["webhook-id"]));
  for (const of of ids) expect(new Set(of).size).to.equal(of.length);
  expect(new Set(ids[0])).to.deep.equal(new Set(ids[1]));
  for (const sequence of sequencesOf(outcome.accepted.inOrder))
    expect(sequence).to.deep.equal(sequence.map((_, index) => index + 1));
}

describe("the arrivals at a destination, compared with the ground truth", function () {
  this.timeout(300_000);
  afterEach(tidy);

  it("is each happening once at each destination, by its signer and in order, despite faults", async () => {
    expectTruth(
      await bridgeAll([
        { provider: "legalesign", documents: 100 },
        { provider: "lumin", documents: 100 },
      ]),
    );
  });

  it("is each happening once when Lumin reports it to an account and to an app", async () => {
    expectTruth(await bridgeAll([{ provider: "lumin", documents: 50, channels: ["account", "app"] }]));
  });
});

describe("the comparison", () => {
  const OK = { status: 200, headers: new Headers(), body: {} };

  for (const provider of ["lumin", "legalesign"] as const) {
    it(`reports ${provider} events that are lost, doubled, invented or misattributed`, async () => {
      const run = await sendTo({ provider, documents: 20 }, { post: async () => OK });
      const right = arrivalsOf(run);
      const complaints = (arrivals: readonly Arrival[]) =>
        compare(run, arrivals, []).complaints.filter((one) => !one.startsWith("a document")).length;
      expect(complaints(right)).to.equal(0);

      const index = right.findIndex(({ type }) => type === "signer.signed");
      const [one] = right.slice(index);
      if (!one) throw new Error("no signing");
      const others = right.toSpliced(index, 1);
      const stranger = { id: "stranger", email: "stranger@example.com" };
      expect(complaints(others)).to.equal(1);
      expect(complaints([...right, { ...one, id: "evt_2" }])).to.equal(1);
      expect(complaints([...right, { ...one, document: "doc-1" }])).to.equal(1);
      expect(complaints([...others, { ...one, signer: stranger }])).to.equal(2);
      expect(complaints([...others, { ...one, time: one.time - 60_000 }])).to.equal(2);
      expect(complaints([...others, { ...one, signer: null }])).to.equal(1);
    });
  }

  it("reports documents with a wrong final state, and invented ones", async () => {
    const run = await sendTo({ provider: "legalesign", documents: 20 }, { post: async () => OK });
    const right: Shown[] = run.truth
      .filter((line) => line.kind === "document")
      .map(({ document, status, downloadable, signers }) => ({
        id: document,
        status,
        downloadable,
        signers: signers.map(({ signer, status }) => ({ id: signer, email: null, status })),
      }));
    const complaints = (documents: readonly Shown[]) =>
      compare(run, arrivalsOf(run), documents).complaints.length;
    const [first] = right;
    if (!first) throw new Error("no document");
    expect(complaints(right)).to.equal(0);
    expect(complaints(right.slice(1))).to.equal(1);
    expect(complaints(right.with(0, { ...first, id: "doc-1" }))).to.equal(2);
    expect(complaints(right.with(0, { ...first, status: "failed", signers: [] }))).to.equal(4);
  });
});

/** The arrivals of a run without faults. */
function arrivalsOf({ truth, provider }: SimulationRun): Arrival[] {
  return truth
    .filter((line) => line.kind === "happening")
    .filter((line) => line.reported)
    .map(({ document, signer, type, time }, index) => ({
      id: `evt_${index}`,
      type,
      time,
      channel: "account",
      receipt: "rcp_1",
      document,
      signer:
        signer === null
          ? null
          : provider === "lumin"
            ? { id: signerId(document, signer), email: signer }
            : { id: signer, email: null },
    }));
}
