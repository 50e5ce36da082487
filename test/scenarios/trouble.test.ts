import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { expect } from "chai";
import type { Attempt, Delivery } from "../../src/domain/delivery.ts";
import { createChance } from "../../src/simulate/chance.ts";
import {
  aFolder,
  type Bridge,
  configText,
  SECRET,
  signedByLumin,
  startBridge,
  startReceiver,
  tidy,
} from "../support/bridge.ts";
import { settled } from "../support/clock.ts";
import {
  isNoAttempt,
  type Met,
  meaningOf,
  type ScriptedReceiver,
  startScripted,
  type Treatment,
} from "../support/scripted-receiver.ts";
import { createStandstill } from "../support/standstill.ts";
import { until } from "../support/until.ts";

const START = Date.UTC(2026, 0, 1);
/** In memory: thousands of commits would wait for the disk's flushes. */
const MEMORY = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
/** No process listens there, and only root could. */
const CLOSED = "http://127.0.0.1:9/hook";
const DOCUMENTS = Array.from({ length: 12 }, (_, n) => `d${n}`);
const TIMELINE = ["created", "sent", "due_date_updated", "due_date_updated", "approved", "downloadable"];
const NAMES = ["crm", "archive", "billing", "legacy"] as const;
const TRIES = 5;

const TROUBLES: readonly Treatment[] = [
  "404",
  "close",
  "500",
  "reset",
  "429 in seconds",
  "429 until a date",
  "503",
  "silence",
  "drip",
  "a flood",
  "half an answer",
  "garbage",
  "redirect",
];
const SUCCESSES = ["ok", "ok", "ok", "no content", "a flood, but 200"] as const;

/** All troubles in a row, which opens the breaker, and then the successes. */
const inTurn = (n: number): Treatment =>
  TROUBLES[n % (TROUBLES.length + SUCCESSES.length)] ?? SUCCESSES[n % SUCCESSES.length] ?? "ok";
/** By event and attempt, so that the order of arrival does not matter. */
function mixed({ event }: { event: string }, nth: number): Treatment {
  const chance = createChance(`${event} ${nth}`);
  return chance.happens(0.55) ? (chance.sample(TROUBLES, 1)[0] ?? "500") : chance.pick(SUCCESSES);
}

/** Four destinations, each with a kind of trouble of its own. */
async function createWorld() {
  const receivers: ScriptedReceiver[] = [];
  const hanging = () => receivers.flatMap((receiver) => receiver.hanging());
  const still = createStandstill(START, () => hanging().length);
  const scripted = async (script: Parameters<typeof startScripted>[1]) => {
    const receiver = await startScripted(still.worldClock, script);
    receivers.push(receiver);
    return receiver;
  };
  return {
    still,
    hanging,
    crm: await scripted((_post, _ofEvent, n) => inTurn(n)),
    archive: await scripted(mixed),
    billing: await scripted(mixed),
    legacy: await scripted((_post, _ofEvent, n) => (n === 20 ? "gone" : "ok")),
  };
}

type World = Awaited<ReturnType<typeof createWorld>>;

/** `billing` is at its receiver only after it was moved. */
function configOf({ crm, archive, billing, legacy }: World, moved: boolean): string {
  const at = (url: string, rest: string) =>
    `{ url: "${url}", secrets: ["${SECRET}"], ` +
    `retry: [5s, 1m, 10m, 1h], timeout: 15s, concurrency: 6${rest} }`;
  const breaker = ", breaker: { failures: 5, pause: 10s, longest: 2m }";
  return configText(`
destinations:
  crm: ${at(crm.url, breaker)}
  archive: ${at(archive.url, `${breaker}, ordering: none`)}
  billing: ${at(moved ? billing.url : CLOSED, breaker)}
  legacy: ${at(legacy.url, "")}
retention:
  { receipts: never, rejected: never, events: never, attempts: never, documents: never, audit: never,
    duplicates: never, tallies: never, proofs: never }
shutdown: 0s`);
}

const startIn = (world: World, folder: string, moved: boolean) =>
  startBridge(configOf(world, moved), {
    folder,
    clock: world.still.clock,
    store: world.still.openStore(folder),
    random: () => 0.5,
  });

/** One happening of every document. */
async function post(bridge: Bridge, age: number): Promise<void> {
  const posts = DOCUMENTS.map((id) =>
    JSON.stringify({
      event: { event_type: `signature_request_${TIMELINE[age]}`, event_time: START + age },
      signature_request: { signature_request_id: id },
    }),
  );
  const answers = await Promise.all(
    posts.map((body) => bridge.post("/in/lumin/account", body, signedByLumin(body))),
  );
  for (const { status, body } of answers) expect([status, body.events]).to.deep.equal([200, 1]);
}

/** Stops a bridge, and returns the aborted attempts, which have no answer and do not count. */
async function stop(bridge: Bridge, world: World): Promise<Set<Met>> {
  const cutOff = new Set(world.hanging());
  const stopped = bridge.stop();
  await settled();
  await world.still.advance(0);
  await stopped;
  await world.still.reached();
  return cutOff;
}

const resume = ({ adminUrl }: Bridge, name: string) =>
  fetch(`${adminUrl}/api/v1/destinations/${name}/resume`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ reason: "it was a mistake" }),
  });

type DeliveryWithHistory = Delivery & { history: Attempt[] };

async function deliveriesOf(bridge: Bridge): Promise<DeliveryWithHistory[]> {
  const { items } = (await bridge.admin("/api/v1/events?order=oldest&limit=1000")).body;
  expect(items).to.have.length(DOCUMENTS.length * TIMELINE.length);
  const deliveries: DeliveryWithHistory[][] = [];
  for (const { id } of items) deliveries.push((await bridge.admin(`/api/v1/events/${id}`)).body.deliveries);
  return deliveries.flat();
}

async function explain(bridge: Bridge, id: string): Promise<string[]> {
  const { sentences } = (await bridge.admin(`/api/v1/explain/${id}`)).body;
  return sentences.map(({ text }: { text: string }) => text);
}

const isDelivered = ({ cause, status }: Pick<Attempt, "cause" | "status">) =>
  cause === "answered" && (status === 200 || status === 204);

/**
 * The end of one event at one destination follows from its attempts, and its attempts are those that
 * were met.
 */
function expectOutcome(
  { destination, status, reason, history }: DeliveryWithHistory,
  attempts: readonly Met[],
): void {
  const refused = history.filter(({ cause }) => cause === "refused");
  expect(history.map(({ cause, status }) => ({ cause, status }))).to.deep.equal([
    ...refused.map(() => ({ cause: "refused", status: null })),
    ...attempts.map(({ treatment }) => meaningOf(treatment)),
  ]);
  expect(refused.length > 0 && destination !== "billing").to.equal(false);
  expect(history.slice(0, -1).some(isDelivered)).to.equal(false);

  const last = history.at(-1);
  if (last && isDelivered(last)) expect([status, reason]).to.deep.equal(["delivered", null]);
  else if (last?.status === 410) expect([status, reason]).to.deep.equal(["parked", "gone"]);
  else expect([status, reason, history.length]).to.deep.equal(["parked", "schedule_exhausted", TRIES]);

  for (const [n, { notBefore }] of attempts.entries()) {
    const next = history[refused.length + n + 1];
    if (notBefore !== null && next) expect(next.startedAt).to.be.at.least(notBefore);
  }
}

/** The posts of one event to one destination. */
const met = (world: World, { event, destination }: Delivery) =>
  world[destination as (typeof NAMES)[number]].met.filter((one) => one.event === event);

/** The test shows nothing unless every treatment occurred. */
function expectEveryTrouble({ crm, archive, billing, legacy }: World): void {
  for (const one of [crm, archive, billing]) {
    const treatments = new Set(one.met.map(({ treatment }) => treatment));
    expect([...treatments]).to.include.members([...TROUBLES, ...SUCCESSES]);
  }
  expect([crm, archive, billing].some((one) => one.met.some(isNoAttempt))).to.equal(true);
  expect(legacy.met.some(({ treatment }) => treatment === "gone")).to.equal(true);
}

/** Of each document: every event once, or several times in a row, and then only later ones. */
function expectOrder(met: readonly Met[]): void {
  const last = new Map<string, number>();
  for (const { document, sequence } of met) {
    expect(sequence, document).to.be.at.least(last.get(document) ?? 0);
    last.set(document, sequence);
  }
}

/** Equal for deliveries with the same history and end. */
const kindOf = ({ destination, status, reason, history }: DeliveryWithHistory) =>
  [
    destination === "legacy",
    status,
    reason,
    ...history.map(({ cause, status }) => `${cause} ${status}`),
  ].join(" ");

const AFTER: Record<string, string> = {
  delivered: "is delivered to",
  gone: "because the destination answered 410 Gone;",
  schedule_exhausted: "because its schedule has run out;",
};

/** Its attempts in order, each with its result, and at the end its state. */
function expectExplanation(
  sentences: readonly string[],
  { event, destination, status, reason, history }: DeliveryWithHistory,
): void {
  const attempts = history.map(({ cause, status }, n) => {
    const outcome = status === null ? `got no answer (${cause})` : `was answered with ${status}`;
    const broken =
      status !== null && cause !== "answered" ? `, but the answer did not come to its end (${cause})` : "";
    return `Attempt ${n + 1} to send ${event} to ${destination} ${outcome}${broken} after`;
  });
  const shown = sentences.filter((sentence) => sentence.startsWith("Attempt "));
  expect(shown).to.have.length(attempts.length);
  for (const [n, sentence] of shown.entries())
    expect(sentence.startsWith(attempts[n] ?? "?"), sentence).to.equal(true);
  expect(sentences[0]).to.match(
    /^Receipt rcp_\w+: \d+ bytes came from lumin over account, .* found genuine by hmac/,
  );
  expect(sentences.at(-1))
    .to.include(`${event} is`)
    .and.include(AFTER[reason ?? status]);
}

describe("receivers in every kind of trouble", () => {
  afterEach(tidy);

  it("get each event at least once and in order, or it is parked with the true reason", async () => {
    const world = await createWorld();
    const { still } = world;
    const folder = aFolder(MEMORY);
    const before = await startIn(world, folder, false);
    for (const age of [0, 1, 2]) {
      await post(before, age);
      for (let steps = 0; steps < 20; steps++) await still.step();
    }
    while (world.hanging().length === 0) expect(await still.step()).to.equal(true);
    const cutOff = await stop(before, world);

    const bridge = await startIn(world, folder, true);
    for (const age of [3, 4, 5]) await post(bridge, age);
    await still.reached();
    const [waiting] = (
      await bridge.admin("/api/v1/deliveries?order=oldest&destination=legacy&status=pending")
    ).body.items;
    expect((await explain(bridge, waiting.id)).at(-1))
      .to.match(/waits, because legacy is paused since .* \(it answered 410 Gone\)/)
      .and.include("countersign resume legacy");
    expect((await resume(bridge, "legacy")).status).to.equal(200);
    for (let steps = 0; await still.step(); steps += 1) expect(steps).to.be.below(10_000);

    const deliveries = await deliveriesOf(bridge);
    const places = new Set(deliveries.map(({ event, destination }) => `${event} at ${destination}`));
    expect(places.size).to.equal(DOCUMENTS.length * TIMELINE.length * NAMES.length);
    const counted = deliveries.flatMap((delivery) => {
      const attempts = met(world, delivery).filter((one) => !isNoAttempt(one) && !cutOff.has(one));
      expectOutcome(delivery, attempts);
      return attempts;
    });
    const all = NAMES.flatMap((name) => world[name].met);
    expect(all.filter((one) => !isNoAttempt(one) && !cutOff.has(one))).to.have.length(counted.length);
    for (const name of ["crm", "billing", "legacy"] as const) expectOrder(world[name].met);
    expectEveryTrouble(world);

    const kinds = new Map(deliveries.map((delivery) => [kindOf(delivery), delivery]));
    for (const delivery of kinds.values()) expectExplanation(await explain(bridge, delivery.id), delivery);
    const [parked] = (await bridge.admin("/api/v1/deliveries?order=oldest&reason=gone")).body.items;
    const last = (await explain(bridge, parked.id)).at(-1);
    const [{ document }] = met(world, parked) as [Met];
    for (const id of [parked.event, document]) expect(await explain(bridge, id)).to.include(last);
  }).timeout(60_000);

  it("do not delay another destination while they hang at their limit", async () => {
    const world = await createWorld();
    const healthy = await startReceiver();
    const hanging = await startScripted(world.still.worldClock, () => "silence");
    const text = configText(`
destinations:
  slow: { url: "${hanging.url}", secrets: ["${SECRET}"], concurrency: 2 }
  crm: { url: "${healthy.url}", secrets: ["${SECRET}"], concurrency: 2 }
shutdown: 0s`);
    // The clock stands still, so the two that hang never end.
    const bridge = await startBridge(text, { clock: world.still.clock });
    for (const age of [0, 1, 2]) await post(bridge, age);
    await healthy.got(3 * DOCUMENTS.length);
    const state = async () => (await bridge.admin("/api/v1/destinations")).body.items;
    await until(async () => (await state())[1].open === 0, "the healthy destination has everything");
    expect((await state())[0].open).to.equal(3 * DOCUMENTS.length);
    expect(hanging.met).to.have.length(2);
    await stop(bridge, world);
  });
});
