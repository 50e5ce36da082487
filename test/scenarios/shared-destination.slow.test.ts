import { setTimeout } from "node:timers/promises";
import { expect } from "chai";
import { aDestination } from "../outbound/fixtures.ts";
import { NEW_YEAR } from "../support/builders.ts";
import { nth, only } from "../support/only.ts";
import { type PostgresServer, postgresServer } from "../support/postgres-server.ts";
import { until } from "../support/until.ts";
import { createNodesHarness, type Node, type NodesHarness } from "./shared-destination.ts";

/** A lease is the timeout and half a minute. */
const LEASE_MS = 45_000;
/** Far apart, so that no retry disturbs. */
const SCHEDULE = [3_600_000, 3_600_000];
const FRAGILE = aDestination({
  breaker: { failures: 2, pause: 10_000, longest: 60_000 },
  schedule: SCHEDULE,
  timeout: 15_000,
  concurrency: 1,
});

describe("nodes that send to one destination", () => {
  let server: PostgresServer;
  let harness: NodesHarness;
  let attempts: NodesHarness["attempts"];

  before(async function () {
    this.timeout(60_000);
    server = await postgresServer().catch(() => this.skip());
  });
  afterEach(() => harness.clear());

  const startThree = async (given: Parameters<typeof aDestination>[0] = {}) => {
    harness = createNodesHarness(await server.newSchema(), { ...FRAGILE, ...given });
    ({ attempts } = harness);
    return [await harness.start(), await harness.start(), await harness.start()] as const;
  };
  const breakers = () => harness.nodes.map((node) => node.state()?.breaker ?? null);
  const out = () => attempts.filter(({ open }) => open);
  const nextAttempt = async () => {
    await until(() => out().length > 0, "an attempt has begun");
    return nth(out(), 0);
  };
  /** All of them know the time of the next probe. */
  const allKnow = (probeAt: number) =>
    until(
      () => breakers().every((breaker) => breaker?.probeAt === probeAt),
      `every node knows the probe time ${probeAt}`,
    );
  const allClosed = () =>
    until(() => breakers().every((breaker) => breaker === null), "every node's breaker is closed");
  /** The nodes have been notified of the events that the first of them recorded. */
  const allNotified = () =>
    until(() => harness.nodes.slice(1).every(({ notified }) => notified > 0), "every node is notified");

  describe("that fails again and again", () => {
    let opened: number;
    beforeEach(async () => {
      await startThree();
      await harness.post(9);
      for (let all = false; !all; all = breakers().every((breaker) => breaker !== null)) {
        await until(
          () => out().length > 0 || breakers().every((breaker) => breaker !== null),
          "an attempt has begun, or every breaker is open",
        );
        for (const one of out()) one.end(500);
      }
      opened = attempts.length;
      await allKnow(NEW_YEAR + 10_000);
    });

    it("all stop sending once one has opened the breaker", async () => {
      expect(opened).to.be.at.most(4);
      for (const node of harness.nodes) expect(node.observed).to.include("breakerOpened");
      await harness.advance(9_999);
      expect(attempts).to.have.length(opened);
    });

    it("send one probe in all, and the next after twice the pause", async () => {
      await harness.advance(10_000);
      const probe = await nextAttempt();
      await allKnow(NEW_YEAR + 10_000 + LEASE_MS);
      await harness.advance(14_000);
      expect(attempts).to.have.length(opened + 1);
      probe.end(500);
      await allKnow(NEW_YEAR + 44_000);
      await harness.advance(19_999);
      expect(attempts).to.have.length(opened + 1);
      await harness.advance(1);
      await nextAttempt();
      await allKnow(NEW_YEAR + 44_000 + LEASE_MS);
      expect(out()).to.have.length(1);
    });

    it("all continue once a probe was answered", async () => {
      harness.answer(200);
      await harness.advance(10_000);
      await allClosed();
      for (const node of harness.nodes) expect(node.observed).to.include("breakerClosed");
      await until(() => attempts.length === 9, "all nine events were attempted");
    });

    it("probe again once the lease of a killed node's probe has ended", async () => {
      await harness.advance(10_000);
      const { node } = await nextAttempt();
      await allKnow(NEW_YEAR + 10_000 + LEASE_MS);
      await node.die();
      await harness.advance(LEASE_MS - 1);
      expect(attempts).to.have.length(opened + 1);
      await harness.advance(1);
      await until(() => attempts.length === opened + 2, "another probe has begun");
      const second = only(out().filter((one) => one.node !== node));
      second.end(200);
      await allClosed();
    });

    it("probe at once when a node is stopped during its probe", async () => {
      await harness.advance(10_000);
      const { node } = await nextAttempt();
      await allKnow(NEW_YEAR + 10_000 + LEASE_MS);
      const stopped = node.dispatcher.stop({ graceMs: 0 });
      await harness.advance(0);
      await stopped;
      const next = await nextAttempt();
      expect(next.node).not.to.equal(node);
    });
  });

  describe("that an operator pauses at one of them", () => {
    const paused = () => harness.nodes.every((node) => node.state()?.paused?.reason === "moving house");
    const pauseAt = async ({ dispatcher }: Node) => {
      await dispatcher.controlsOf("crm").pause("moving house");
      await until(paused, "every node is paused");
    };

    it("send nothing until it is resumed at any of them", async () => {
      const [first, second, third] = await startThree({ concurrency: 5 });
      await pauseAt(second);
      await harness.post(3);
      await allNotified();
      await harness.advance(86_400_000);
      expect(attempts).to.have.length(0);
      harness.answer(200);
      await third.dispatcher.controlsOf("crm").resume();
      await until(() => attempts.length === 3, "all three events were attempted");
      await until(() => first.state()?.paused === null, "the first node is resumed");
      expect(first.observed).to.include.members(["paused", "resumed"]);
    });

    it("send nothing even before they are notified", async () => {
      const [first, second] = await startThree({ concurrency: 5 });
      await pauseAt(second);
      // As if it had not been notified yet.
      first.dispatcher.applyStates([]);
      const before = first.claims;
      await harness.post(3);
      await harness.advance(1_000);
      expect(first.claims).to.be.above(before);
      expect(attempts).to.have.length(0);
    });

    it("send nothing when one has got 410 Gone", async () => {
      await startThree();
      await harness.post(5);
      (await nextAttempt()).end(410);
      await until(
        () => harness.nodes.every((node) => node.state()?.paused?.reason.includes("410")),
        "every node is paused by the 410",
      );
      for (const one of out()) one.end(200);
      const before = attempts.length;
      await harness.advance(86_400_000);
      expect(attempts).to.have.length(before);
    });
  });

  it("make at most as many attempts together as its concurrency, and deliver everything", async () => {
    await startThree({ concurrency: 2 });
    await harness.post(20);
    for (let done = 0; done < 20; done += 1) {
      await harness.advance(1_000);
      expect(out().length).to.be.at.most(2);
      (await nextAttempt()).end(200);
    }
    expect(attempts).to.have.length(20);
  });

  it("use the capacity of a killed node once its attempts would have ended", async () => {
    await startThree({ concurrency: 2 });
    await harness.post(4);
    await until(() => out().length === 2, "two attempts have begun");
    const dead = new Set(out().map(({ node }) => node));
    for (const node of dead) await node.die();
    await until(async () => {
      await harness.advance(1_000);
      // The server ends the transactions of a dead node in real time.
      await setTimeout(50);
      return attempts.length === 4;
    }, "the other two events were attempted");
    for (const { node, at } of attempts.slice(2)) {
      expect(dead.has(node)).to.equal(false);
      // Attempts would have ended by 30 s; the leases themselves end at 45 s.
      expect(at - NEW_YEAR).to.be.within(30_000, 44_000);
    }
  });

  it("ask every second for capacity of others while deliveries are due, and not otherwise", async () => {
    const [, ...others] = await startThree({ concurrency: 1 });
    await harness.post(2);
    await until(() => others.every(({ notified }) => notified === 1), "the others are notified");
    await harness.advance(0);
    const before = harness.nodes.map(({ claims }) => claims);
    const { node, end } = await nextAttempt();
    const asked = () => harness.nodes.map(({ claims }, i) => claims - (before[i] ?? 0));
    await harness.advance(999);
    expect(asked()).to.deep.equal([0, 0, 0]);
    await harness.advance(1);
    expect(asked()).to.deep.equal(harness.nodes.map((one) => (one === node ? 0 : 1)));

    end(200);
    (await nextAttempt()).end(200);
    const written = () =>
      harness.nodes.flatMap(({ observed }) => observed.filter((what) => what === "attempted"));
    await until(() => written().length === 2, "both results are stored");
    await harness.advance(60_000);
    const after = asked();
    await harness.advance(86_400_000);
    expect(asked()).to.deep.equal(after);
  });

  describe("that has a rate", () => {
    const begun = (from: number, to: number, node?: Node) =>
      attempts.filter((one) => one.at > from && one.at <= to && (!node || one.node === node)).length;
    const pass = async (ms: number) => {
      for (let passed = 0; passed < ms; passed += 50) await harness.advance(50);
    };

    it("divide it, and divide it again when a node leaves or joins", async () => {
      const [first, second, third] = await startThree({ rate: 6, concurrency: 50 });
      harness.answer(200);
      await harness.post(100);
      await pass(5_000);
      const at = harness.clock.now();
      expect(begun(at - 3_000, at)).to.be.within(17, 19);
      for (const node of [first, second, third]) expect(begun(at - 3_000, at, node)).to.be.within(5, 7);

      await third.die();
      await until(() => harness.nodes.every(({ nodes }) => nodes === 2), "every node knows 2 nodes");
      await pass(4_000);
      const later = harness.clock.now();
      expect(begun(later - 3_000, later)).to.be.within(17, 19);
      for (const node of [first, second]) expect(begun(later - 3_000, later, node)).to.be.within(8, 10);
    });
  });
});
