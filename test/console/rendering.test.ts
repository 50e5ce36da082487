import { expect } from "chai";
import { type Html, html } from "../../src/console/html.ts";
import { createRendering } from "../../src/console/rendering.ts";
import { createManualClock } from "../support/clock.ts";
import { until } from "../support/until.ts";

const NEVER = new AbortController().signal;
const FRESH_MS = 2_000;

/** Pages whose rendering takes as long as it is let, and what was rendered so far. */
function somePages() {
  const clock = createManualClock(0);
  const rendering = createRendering(clock, FRESH_MS);
  const begun: string[] = [];
  const gates = new Map<string, PromiseWithResolvers<Html>>();
  const page = (key: string) => ({
    key,
    render: () => {
      begun.push(key);
      const gate = Promise.withResolvers<Html>();
      gates.set(key, gate);
      return gate.promise;
    },
  });
  const finish = (key: string, text = key) => gates.get(key)?.resolve(html`${text}`);
  const hasBegun = (...keys: string[]) =>
    until(() => begun.join() === keys.join(), `${keys.join()} were begun`);
  return { clock, rendering, begun, page, finish, hasBegun, gates };
}

describe("the rendering of live pages", () => {
  it("does one after the other, in the order asked", async () => {
    const { clock, rendering, begun, page, finish, hasBegun } = somePages();
    const both = [rendering.of(page("one"), NEVER), rendering.of(page("two"), NEVER)];
    await hasBegun("one");
    await clock.advance(0);
    expect(begun).to.deep.equal(["one"]);
    finish("one");
    await hasBegun("one", "two");
    finish("two");
    expect(await Promise.all(both)).to.deep.equal(["one", "two"]);
  });

  it("rests two hundred times as long as it took, and two seconds at most, before the next", async () => {
    const { clock, rendering, begun, page, finish, hasBegun } = somePages();
    for (const [key, took, rest] of [
      ["one", 4, 800],
      ["two", 90, 2_000],
    ] as const) {
      const before = begun.length;
      const text = rendering.of(page(key), NEVER);
      await until(() => begun.length === before + 1, "it has begun");
      await clock.advance(took);
      finish(key);
      expect(await text).to.equal(key);
      const next = rendering.of(page(`after ${key}`), NEVER);
      await clock.advance(rest - 1);
      expect(begun).to.have.length(before + 1);
      await clock.advance(1);
      await until(() => begun.length === before + 2, "the next has begun");
      finish(`after ${key}`);
      await next;
    }
    await hasBegun("one", "after one", "two", "after two");
  });

  it("does the same page once for all who see the same, as long as it is fresh", async () => {
    const { clock, rendering, begun, page, finish, hasBegun } = somePages();
    const texts = Array.from({ length: 5 }, () => rendering.of(page("now"), NEVER));
    await hasBegun("now");
    finish("now", "all is well");
    expect(await Promise.all(texts)).to.deep.equal(Array(5).fill("all is well"));
    await clock.advance(FRESH_MS - 1);
    expect(await rendering.of(page("now"), NEVER)).to.equal("all is well");
    expect(begun).to.have.length(1);
    await clock.advance(1);
    const again = rendering.of(page("now"), NEVER);
    await hasBegun("now", "now");
    finish("now", "one thing needs you");
    expect(await again).to.equal("one thing needs you");
  });

  it("does nothing for a page that was closed while it waited", async () => {
    const { rendering, begun, page, finish, hasBegun } = somePages();
    const first = rendering.of(page("one"), NEVER);
    const closing = new AbortController();
    const closed = rendering.of(page("closed"), closing.signal);
    closing.abort();
    await hasBegun("one");
    finish("one");
    expect([await first, await closed]).to.deep.equal(["one", null]);
    expect(begun).to.deep.equal(["one"]);
  });

  it("goes on with the next page when one cannot be made", async () => {
    const { rendering, page, finish, hasBegun, gates } = somePages();
    const broken = rendering.of(page("broken"), NEVER).catch((error) => error.message);
    const next = rendering.of(page("next"), NEVER);
    await hasBegun("broken");
    gates.get("broken")?.reject(new Error("the disk is gone"));
    expect(await broken).to.equal("the disk is gone");
    await hasBegun("broken", "next");
    finish("next");
    expect(await next).to.equal("next");
  });
});
