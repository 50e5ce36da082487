import { expect } from "chai";
import { startReceiver, tidy } from "../support/bridge.ts";
import { bodyOf, clockAt, describeEvent, NOW, PROVIDERS, startProvider } from "./provider-bridge.ts";

for (const [provider, { fixture, events, secret, again = (body: string) => body }] of Object.entries(
  PROVIDERS,
)) {
  describe(`${provider}, at a real bridge`, () => {
    afterEach(tidy);

    it("answers a genuine post with 200, and delivers its events", async () => {
      const receiver = await startReceiver();
      const { send } = await startProvider(provider, { receiver: receiver.url });
      const { status, body } = await send(bodyOf(provider, fixture));
      expect([status, body.events, body.problem]).to.deep.equal([200, events.length, null]);
      const got = await receiver.got(events.length);
      expect(
        got.map(({ json }) => describeEvent({ ...json.data, type: json.type.replace("esign.", "") })),
      ).to.deep.equal(events);
    });

    it("refuses a forged post with 401, and records no event", async () => {
      const { post, send, events } = await startProvider(provider, {
        channel: '{ secrets: ["of-another-account-01"] }',
      });
      expect((await send(bodyOf(provider, fixture))).status).to.equal(401);
      expect((await post(`/in/${provider}/webhook`, bodyOf(provider, fixture))).status).to.equal(401);
      const genuine = await startProvider(provider);
      expect((await genuine.post(`/in/${provider}/webhook?token=${secret}`, "{}")).status).to.equal(401);
      expect([await events(), await genuine.events()]).to.deep.equal([[], []]);
    });

    it("records no second event for a repeat by the provider", async () => {
      const clock = clockAt();
      const bridge = await startProvider(provider, { clock });
      const body = bodyOf(provider, fixture);
      await bridge.send(body);
      for (const minutes of [1, 60]) {
        clock.set(NOW + minutes * 60_000);
        const repeat = await bridge.send(again(body));
        expect([repeat.status, repeat.body.events, repeat.body.duplicates]).to.deep.equal([
          200,
          0,
          events.length,
        ]);
      }
      expect((await bridge.events()).map(describeEvent)).to.deep.equal(events);
    });
  });
}
