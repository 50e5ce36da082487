import { expect } from "chai";
import { startReceiver, tidy } from "../support/bridge.ts";
import { bodyOf, clockAt, describeEvent, NOW, PROVIDERS, start } from "./stage.ts";

for (const [provider, { fixture, events, secret, again = (body: string) => body }] of Object.entries(
  PROVIDERS,
)) {
  describe(`${provider}, at a real bridge`, () => {
    afterEach(tidy);

    it("is answered with 200 when it is genuine, and the receiver gets what happened", async () => {
      const receiver = await startReceiver();
      const { tell } = await start(provider, { receiver: receiver.url });
      const { status, body } = await tell(bodyOf(provider, fixture));
      expect([status, body.events, body.problem]).to.deep.equal([200, events.length, null]);
      const got = await receiver.got(events.length);
      expect(
        got.map(({ json }) => describeEvent({ ...json.data, type: json.type.replace("esign.", "") })),
      ).to.deep.equal(events);
    });

    it("is refused with 401 when it is forged, and leaves no event", async () => {
      const { post, tell, events } = await start(provider, {
        channel: '{ secrets: ["of-somebody-else-01"] }',
      });
      expect((await tell(bodyOf(provider, fixture))).status).to.equal(401);
      expect((await post(`/in/${provider}/webhook`, bodyOf(provider, fixture))).status).to.equal(401);
      const genuine = await start(provider);
      expect((await genuine.post(`/in/${provider}/webhook?token=${secret}`, "{}")).status).to.equal(401);
      expect([await events(), await genuine.events()]).to.deep.equal([[], []]);
    });

    it("makes no second event when it comes again as the provider repeats it", async () => {
      const clock = clockAt();
      const bridge = await start(provider, { clock });
      const body = bodyOf(provider, fixture);
      await bridge.tell(body);
      for (const minutes of [1, 60]) {
        clock.set(NOW + minutes * 60_000);
        const repeat = await bridge.tell(again(body));
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
