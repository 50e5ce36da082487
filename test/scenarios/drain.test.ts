import { connect } from "node:net";
import { expect } from "chai";
import {
  type Bridge,
  configText,
  FORM,
  SECRET,
  startBridge,
  startReceiver,
  TOKEN,
  tidy,
} from "../support/bridge.ts";
import { createManualClock, type ManualClock, settled } from "../support/clock.ts";

/** A stop that leaves a load balancer the time to notice. */

const START = Date.UTC(2026, 0, 1);
const post = (bridge: Bridge, document: string) =>
  bridge.post(`/in/legalesign/upon?token=${TOKEN}`, `uuid=${document}&event=100`, FORM);

/** Whether something listens at the address. */
function listens(url: string): Promise<boolean> {
  const { port, hostname } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}

describe("a stop", () => {
  let clock: ManualClock;
  beforeEach(() => {
    clock = createManualClock(START);
  });
  afterEach(async () => {
    // A stop that a failed test left behind must not wait for ever.
    await clock.advance(60_000);
    await tidy();
  });

  async function start(rest: string) {
    const receiver = await startReceiver();
    const text = configText(
      `destinations: { crm: { url: "${receiver.url}", secrets: ["${SECRET}"] } }\n${rest}`,
    );
    return { receiver, bridge: await startBridge(text, { clock }) };
  }

  it("goes on accepting and delivering for `drain`, while it is not ready, and then closes", async () => {
    const { receiver, bridge } = await start("drain: 5s");
    expect((await post(bridge, "d1")).headers.get("connection")).to.equal("keep-alive");
    let isStopped = false;
    const stopped = bridge.stop().then(() => {
      isStopped = true;
    });
    const ready = await bridge.admin("/readyz");
    expect([ready.status, ready.body.checks.running]).to.deep.equal([503, "stopping"]);
    expect((await bridge.admin("/livez")).status).to.equal(200);
    const late = await post(bridge, "d2");
    expect(late.body).to.include({ duplicates: 0, problem: null });
    // A proxy that keeps connections open must not send its next request over this one.
    expect(late.headers.get("connection")).to.equal("close");
    const all = await receiver.got(4);
    expect(new Set(all.map(({ json }) => json.subject))).to.deep.equal(
      new Set(["documents/d1", "documents/d2"]),
    );

    await clock.advance(4_999);
    await settled();
    expect([isStopped, await listens(bridge.url)]).to.deep.equal([false, true]);
    await clock.advance(1);
    await stopped;
    expect(await listens(bridge.url)).to.equal(false);
  });

  it("closes at once without `drain`, and by default", async () => {
    for (const rest of ["", "drain: 0s"]) {
      const { bridge } = await start(rest);
      await bridge.stop();
      expect(await listens(bridge.url)).to.equal(false);
    }
  });

  it("refuses a reload meanwhile", async () => {
    const { bridge } = await start("drain: 5s");
    const stopped = bridge.stop();
    const refusal = await bridge.reload().catch(({ message }: Error) => message);
    expect(refusal).to.equal("the bridge is stopping");
    await clock.advance(5_000);
    await stopped;
  });
});
