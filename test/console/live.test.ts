import { expect } from "chai";
import { type Bridge, signedByLumin, startBridge, tidy } from "../support/bridge.ts";
import { createManualClock, type ManualClock } from "../support/clock.ts";
import { until } from "../support/until.ts";
import { luminPost } from "./filled-bridge.ts";
import { ACT, type Visitor, visit, withTokens } from "./visitor.ts";

const NOON = Date.UTC(2026, 0, 1, 12);

/** The text of a stream as it comes. */
async function follow(bridge: Bridge, visitor: Visitor, path: string) {
  const end = new AbortController();
  const headers = { cookie: visitor.cookie ?? "", accept: "text/event-stream" };
  const response = await fetch(`${bridge.adminUrl}${path}`, { headers, signal: end.signal });
  const stream = { status: response.status, headers: response.headers, text: "", isOver: false, end };
  void (async () => {
    const decoder = new TextDecoder();
    try {
      for await (const chunk of response.body ?? []) stream.text += decoder.decode(chunk, { stream: true });
    } catch {}
    stream.isOver = true;
  })();
  return stream;
}

/** Where the page that is shown now goes on. */
async function liveAddress(visitor: Visitor, path: string): Promise<string> {
  const { html } = await visitor.get(path);
  const [, address = ""] = /hx-sse:connect="([^"]+)"/.exec(html) ?? [];
  return address.replaceAll("&amp;", "&");
}

describe("live pages", () => {
  let clock: ManualClock;
  let bridge: Bridge;
  let visitor: Visitor;
  beforeEach(async () => {
    clock = createManualClock(NOON);
    bridge = await startBridge(withTokens(), { clock });
    visitor = visit(bridge);
    await visitor.signIn(ACT);
  });
  afterEach(tidy);

  const post = async (id: string) => {
    const body = luminPost(id, `Title of ${id}`, "created", NOON);
    await bridge.post("/in/lumin/account", body, signedByLumin(body));
  };
  /** Moves the clock until the condition holds: each step gives a stream the time to render once. */
  const moved = (condition: () => boolean, expected: string) =>
    until(async () => {
      await clock.advance(2_000);
      return condition();
    }, expected);

  it("send their content again when it has changed, and not when it has not", async () => {
    const stream = await follow(bridge, visitor, await liveAddress(visitor, "/documents"));
    expect(stream.status).to.equal(200);
    expect(stream.headers.get("content-type")).to.equal("text/event-stream");
    await until(() => stream.text.includes(": the page follows"), "the stream has begun");
    for (let nth = 0; nth < 5; nth += 1) await clock.advance(2_000);
    expect(stream.text).not.to.include("data:");
    await post("doc-1");
    await moved(() => stream.text.includes("Title of doc-1"), "the new document is sent");
    expect(stream.text).to.match(/^data: <h1><bdi>Documents<\/bdi><\/h1>/m);
    expect(stream.text).not.to.include("<html");
    const { length } = stream.text.match(/<h1>/g) ?? [];
    for (let nth = 0; nth < 5; nth += 1) await clock.advance(2_000);
    expect(stream.text.match(/<h1>/g)).to.have.length(length);
    stream.end.abort();
  });

  it("begin with what has happened between the page and its stream", async () => {
    const address = await liveAddress(visitor, "/documents");
    await post("doc-1");
    const stream = await follow(bridge, visitor, address);
    await moved(() => stream.text.includes("Title of doc-1"), "the document that came in between is sent");
    stream.end.abort();
  });

  it("keep the connection alive with a comment while nothing changes", async () => {
    const stream = await follow(bridge, visitor, "/documents?live=1");
    await moved(() => stream.text.includes(": nothing has changed"), "a comment came");
    stream.end.abort();
  });

  it("end when the session does", async () => {
    const stream = await follow(bridge, visitor, "/documents?live=1");
    await until(() => stream.text.includes(": the page follows"), "the stream has begun");
    await visitor.post("/sign-out", {});
    await moved(() => stream.isOver, "the stream has ended");
  });

  it("do not keep a session from expiring", async () => {
    const stream = await follow(bridge, visitor, "/documents?live=1");
    await until(() => stream.text.includes(": the page follows"), "the stream has begun");
    clock.set(clock.now() + 4 * 3_600_000 + 1);
    await moved(() => stream.isOver, "the stream has ended");
    expect((await visitor.get("/documents")).status).to.equal(401);
  });

  it("are refused beyond fifty, and let in again once others have ended", async () => {
    const streams = await Promise.all(
      Array.from({ length: 50 }, () => follow(bridge, visitor, "/documents?live=1")),
    );
    expect((await follow(bridge, visitor, "/documents?live=1")).status).to.equal(503);
    for (const { end } of streams) end.abort();
    await until(async () => {
      const another = await follow(bridge, visitor, "/documents?live=1");
      another.end.abort();
      return another.status === 200;
    }, "a stream is let in");
  });

  it("need a session", async () => {
    expect((await follow(bridge, visit(bridge), "/documents?live=1")).status).to.equal(401);
  });
});
