import { expect } from "chai";
import { aDestination } from "../outbound/fixtures.ts";
import { NEW_YEAR } from "../support/builders.ts";
import { until } from "../support/clock.ts";
import { type PostgresServer, postgresServer } from "../support/postgres-server.ts";
import { createNodesStage, type Node, type NodesStage } from "./shared-destination.ts";

/** A lease is the timeout and half a minute. */
const LOAN = 45_000;
/** Far apart, so that no try of the schedule's own disturbs. */
const SCHEDULE = [3_600_000, 3_600_000];
const FRAGILE = aDestination({
  breaker: { failures: 2, pause: 10_000, longest: 60_000 },
  schedule: SCHEDULE,
  timeout: 15_000,
  concurrency: 1,
});

describe("nodes that send to one destination", () => {
  let server: PostgresServer;
  let stage: NodesStage;
  let tries: NodesStage["tries"];

  before(async function () {
    this.timeout(60_000);
    server = await postgresServer().catch(() => this.skip());
  });
  afterEach(() => stage.clear());

  const startThree = async (given: Parameters<typeof aDestination>[0] = {}) => {
    stage = createNodesStage(await server.newSchema(), { ...FRAGILE, ...given });
    ({ tries } = stage);
    return [await stage.start(), await stage.start(), await stage.start()] as const;
  };
  const breakers = () => stage.nodes.map((node) => node.state()?.breaker ?? null);
  const out = () => tries.filter(({ open }) => open);
  const nextTry = async () => {
    await until(() => out().length > 0);
    const [one] = out();
    if (!one) throw new Error("no try is out");
    return one;
  };
  /** All of them know when the next probe may go. */
  const heard = (probeAt: number) => until(() => breakers().every((breaker) => breaker?.probeAt === probeAt));

  describe("and that fails again and again", () => {
    let opened: number;
    beforeEach(async () => {
      await startThree();
      await stage.post(9);
      for (let all = false; !all; all = breakers().every((breaker) => breaker !== null)) {
        await until(() => out().length > 0 || breakers().every((breaker) => breaker !== null));
        for (const one of out()) one.end(500);
      }
      opened = tries.length;
      await heard(NEW_YEAR + 10_000);
    });

    it("leave it alone together, as soon as one has seen enough", async () => {
      expect(opened).to.be.at.most(4);
      for (const node of stage.nodes) expect(node.told).to.include("breakerOpened");
      await stage.advance(9_999);
      expect(tries).to.have.length(opened);
    });

    it("have one probe out in all, and the next after twice the pause", async () => {
      await stage.advance(10_000);
      const probe = await nextTry();
      await heard(NEW_YEAR + 10_000 + LOAN);
      await stage.advance(14_000);
      expect(tries).to.have.length(opened + 1);
      probe.end(500);
      await heard(NEW_YEAR + 44_000);
      await stage.advance(19_999);
      expect(tries).to.have.length(opened + 1);
      await stage.advance(1);
      await nextTry();
      await heard(NEW_YEAR + 44_000 + LOAN);
      expect(out()).to.have.length(1);
    });

    it("go on together once a probe was answered", async () => {
      stage.answer(200);
      await stage.advance(10_000);
      await until(() => breakers().every((breaker) => breaker === null));
      for (const node of stage.nodes) expect(node.told).to.include("breakerClosed");
      await until(() => tries.length === 9);
    });

    it("probe again when the one that had the probe was killed, once its lease has ended", async () => {
      await stage.advance(10_000);
      const { node } = await nextTry();
      await heard(NEW_YEAR + 10_000 + LOAN);
      await node.die();
      await stage.advance(LOAN - 1);
      expect(tries).to.have.length(opened + 1);
      await stage.advance(1);
      await until(() => tries.length === opened + 2);
      expect(tries.at(-1)?.node).not.to.equal(node);
      tries.at(-1)?.end(200);
      await until(() => breakers().every((breaker) => breaker === null));
    });

    it("probe at once when the one that had the probe is stopped in the middle of it", async () => {
      await stage.advance(10_000);
      const { node } = await nextTry();
      await heard(NEW_YEAR + 10_000 + LOAN);
      const stopped = node.dispatcher.stop({ graceMs: 0 });
      await stage.advance(0);
      await stopped;
      const next = await nextTry();
      expect(next.node).not.to.equal(node);
    });
  });

  describe("and that one of them is told to pause", () => {
    const paused = () => stage.nodes.every((node) => node.state()?.paused?.reason === "moving house");
    const pauseAt = async ({ dispatcher }: Node) => {
      await dispatcher.controlsOf("crm").pause("moving house");
      await until(paused);
    };

    it("send nothing until any of them is told to go on", async () => {
      const [first, second, third] = await startThree({ concurrency: 5 });
      await pauseAt(second);
      await stage.post(3);
      await stage.advance(86_400_000);
      expect(tries).to.have.length(0);
      stage.answer(200);
      await third.dispatcher.controlsOf("crm").resume();
      await until(() => tries.length === 3);
      await until(() => first.state()?.paused === null);
      expect(first.told).to.include.members(["paused", "resumed"]);
    });

    it("send nothing even before they have heard of it", async () => {
      const [first, second] = await startThree({ concurrency: 5 });
      const heardLate = first.dispatcher.applyStates;
      await second.dispatcher.controlsOf("crm").pause("moving house");
      heardLate([]);
      await stage.post(3);
      await stage.advance(1_000);
      expect(tries).to.have.length(0);
    });

    it("send nothing when one has got 410 Gone", async () => {
      await startThree();
      await stage.post(5);
      (await nextTry()).end(410);
      await until(() => stage.nodes.every((node) => node.state()?.paused?.reason.includes("410")));
      for (const one of out()) one.end(200);
      const before = tries.length;
      await stage.advance(86_400_000);
      expect(tries).to.have.length(before);
    });
  });

  it("have no more tries out together than its concurrency, and leave nothing lying", async () => {
    await startThree({ concurrency: 2 });
    await stage.post(20);
    for (let done = 0; done < 20; done += 1) {
      await stage.advance(1_000);
      expect(out().length).to.be.at.most(2);
      (await nextTry()).end(200);
    }
    expect(tries).to.have.length(20);
  });

  it("have the room again of one that was killed, once its tries would be over", async () => {
    await startThree({ concurrency: 2 });
    await stage.post(4);
    await until(() => out().length === 2);
    const dead = new Set(out().map(({ node }) => node));
    for (const node of dead) await node.die();
    while (tries.length < 4) await stage.advance(1_000);
    for (const { node, at } of tries.slice(2)) {
      expect(dead.has(node)).to.equal(false);
      expect(at - NEW_YEAR).to.be.within(30_000, 32_000);
    }
  });

  it("ask every second for the room that others have while something is due, and for nothing otherwise", async () => {
    const [, ...others] = await startThree({ concurrency: 1 });
    await stage.post(2);
    await until(() => others.every(({ heard }) => heard === 1));
    await stage.advance(0);
    const before = stage.nodes.map(({ claims }) => claims);
    const { node, end } = await nextTry();
    const asked = () => stage.nodes.map(({ claims }, i) => claims - (before[i] ?? 0));
    await stage.advance(999);
    expect(asked()).to.deep.equal([0, 0, 0]);
    await stage.advance(1);
    expect(asked()).to.deep.equal(stage.nodes.map((one) => (one === node ? 0 : 1)));

    end(200);
    (await nextTry()).end(200);
    const written = () => stage.nodes.flatMap(({ told }) => told.filter((what) => what === "attempted"));
    await until(() => written().length === 2);
    await stage.advance(60_000);
    const after = asked();
    await stage.advance(86_400_000);
    expect(asked()).to.deep.equal(after);
  });

  describe("and that has a rate", () => {
    const begun = (from: number, to: number, node?: Node) =>
      tries.filter((one) => one.at > from && one.at <= to && (!node || one.node === node)).length;
    const pass = async (ms: number) => {
      for (let passed = 0; passed < ms; passed += 50) await stage.advance(50);
    };

    it("divide it, and share out anew when one has gone or come", async () => {
      const [first, second, third] = await startThree({ rate: 6, concurrency: 50 });
      stage.answer(200);
      await stage.post(100);
      await pass(5_000);
      const at = stage.clock.now();
      expect(begun(at - 3_000, at)).to.be.within(17, 19);
      for (const node of [first, second, third]) expect(begun(at - 3_000, at, node)).to.be.within(5, 7);

      await third.die();
      await until(() => stage.nodes.every(({ nodes }) => nodes === 2));
      await pass(4_000);
      const later = stage.clock.now();
      expect(begun(later - 3_000, later)).to.be.within(17, 19);
      for (const node of [first, second]) expect(begun(later - 3_000, later, node)).to.be.within(8, 10);
    });
  });
});
