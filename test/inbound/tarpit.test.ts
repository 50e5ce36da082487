import { expect } from "chai";
import { createTarpit } from "../../src/inbound/tarpit.ts";
import { configText, LUMIN_KEY, signedByLumin, startBridge, tidy } from "../support/bridge.ts";
import { NEW_YEAR } from "../support/builders.ts";
import { createManualClock } from "../support/clock.ts";
import { until } from "../support/until.ts";

describe("many refused senders", () => {
  afterEach(tidy);

  it("are answered at once up to the pace, and then one after the other", async () => {
    const clock = createManualClock(NEW_YEAR);
    const tarpit = createTarpit({ clock, perSecond: 10, longest: 5_000 });
    const answeredAt: number[] = [];
    for (let i = 0; i < 13; i++) tarpit.delay().then(() => answeredAt.push(clock.now() - NEW_YEAR));
    await clock.advance(1_000);
    expect(answeredAt).to.deep.equal([...Array(10).fill(0), 100, 200, 300]);
  });

  it("wait at most the longest delay, and not at all after a quiet while", async () => {
    const clock = createManualClock(NEW_YEAR);
    const tarpit = createTarpit({ clock, perSecond: 10, longest: 500 });
    const answeredAt: number[] = [];
    const ask = () => tarpit.delay().then(() => answeredAt.push(clock.now() - NEW_YEAR));
    for (let i = 0; i < 100; i++) ask();
    await clock.advance(499);
    expect(answeredAt).to.have.length(14);
    await clock.advance(1);
    expect(answeredAt).to.have.length(100);
    await clock.advance(10_000);
    ask();
    await clock.advance(0);
    expect(answeredAt.at(-1)).to.equal(10_500);
  });

  it("do not hold up a genuine post, and are listed and counted before they wait", async () => {
    const clock = createManualClock(NEW_YEAR);
    const bridge = await startBridge(configText(), { clock });
    const body =
      '{"event":{"event_type":"signature_request_sent","event_time":1},' +
      '"signature_request":{"signature_request_id":"r"}}';
    let answered = 0;
    const forged = Array.from({ length: 520 }, () =>
      bridge.post("/in/lumin/account", body, signedByLumin(body, "another-key")).then(() => {
        answered += 1;
      }),
    );
    const counted = async () =>
      /outcome="bad_signature"[^\n]* (\d+)/.exec((await bridge.admin("/metrics")).body)?.[1];
    await until(async () => (await counted()) === "520", "520 forged posts are counted");
    const genuine = await bridge.post("/in/lumin/account", body, signedByLumin(body, LUMIN_KEY));
    expect(genuine.status).to.equal(200);
    expect(answered).to.be.at.most(500);
    await clock.advance(1_000);
    await Promise.all(forged);
    expect(answered).to.equal(520);
  });
});
