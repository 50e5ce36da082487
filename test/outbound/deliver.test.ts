import { expect } from "chai";
import { type CloudEvent, HTTP } from "cloudevents";
import { Webhook } from "standardwebhooks";
import { decide } from "../../src/domain/delivery.ts";
import { locationIn, textIn } from "../../src/domain/redirect.ts";
import { createDeliver } from "../../src/outbound/deliver.ts";
import type { Destination } from "../../src/outbound/destination.ts";
import { parseSecret } from "../../src/outbound/sign.ts";
import { createManualClock } from "../support/clock.ts";
import { until } from "../support/until.ts";
import { aDestination, anEvent, type Received, type Receiver, SECRET, startReceiver } from "./fixtures.ts";

describe("deliver", () => {
  const open: Receiver[] = [];
  const start = async (...given: Parameters<typeof startReceiver>): Promise<Receiver> => {
    const receiver = await startReceiver(...given);
    open.push(receiver);
    return receiver;
  };
  afterEach(() => Promise.all(open.splice(0).map((receiver) => receiver.close())));

  /** The official library compares with the real time, so time starts there. */
  const clock = createManualClock(Date.now());
  before(() => clock.set(Date.now()));
  const deliver = createDeliver({ clock, version: "0.1.0" });
  const to = (receiver: Pick<Receiver, "url">, given: Partial<Destination> = {}) =>
    aDestination({ url: receiver.url, ...given });
  const only = ({ received }: Receiver): Received => {
    expect(received).to.have.length(1);
    return received[0] as Received;
  };
  const webhookHeaders = ({ headers }: Received) => headers as Record<string, string>;

  it("posts the event, and returns the answer", async () => {
    const receiver = await start();
    const attempt = await deliver(to(receiver), anEvent(), 3);
    expect(attempt).to.deep.equal({
      number: 3,
      startedAt: clock.now(),
      duration: 0,
      cause: "answered",
      status: 200,
      answer: "ok",
      retryAfter: null,
    });
    expect(only(receiver)).to.include({ method: "POST", path: "/hooks" });
    expect(only(receiver).headers).to.include({
      "content-type": "application/cloudevents+json; charset=utf-8",
      "user-agent": "Countersign/0.1.0",
      "webhook-id": anEvent().id,
      "webhook-timestamp": String(Math.floor(clock.now() / 1_000)),
    });
    expect(only(receiver).headers).not.to.have.any.keys("cookie", "accept-encoding", "authorization");
  });

  it("is accepted by the official libraries, by the bytes sent and the timestamp's header", async () => {
    const receiver = await start();
    await deliver(to(receiver), anEvent(), 1);
    const { headers, body } = only(receiver);
    expect(() => new Webhook(SECRET).verify(body, webhookHeaders(only(receiver)))).not.to.throw();
    const event = HTTP.toEvent({ headers, body: body.toString() }) as CloudEvent<unknown>;
    expect(event.validate()).to.equal(true);
    expect(event.id).to.equal(headers["webhook-id"]);

    const later = {
      ...webhookHeaders(only(receiver)),
      "webhook-timestamp": String(Math.floor(clock.now() / 1_000) + 1),
    };
    expect(() => new Webhook(SECRET).verify(body, later)).to.throw("No matching signature");
  });

  it("signs each attempt again, under the same id", async () => {
    const receiver = await start();
    await deliver(to(receiver), anEvent(), 1);
    await clock.advance(61_000);
    await deliver(to(receiver), anEvent(), 2);
    const [first, second] = receiver.received.map(({ headers }) => headers);
    expect(second?.["webhook-id"]).to.equal(first?.["webhook-id"]);
    expect(Number(second?.["webhook-timestamp"])).to.equal(Number(first?.["webhook-timestamp"]) + 61);
    expect(second?.["webhook-signature"]).not.to.equal(first?.["webhook-signature"]);
  });

  it("satisfies a receiver that has the old secret and one that has the new", async () => {
    const receiver = await start();
    const older = `whsec_${Buffer.alloc(24, 3).toString("base64")}`;
    await deliver(to(receiver, { secrets: [parseSecret(SECRET), parseSecret(older)] }), anEvent(), 1);
    for (const secret of [SECRET, older]) {
      const verify = () => new Webhook(secret).verify(only(receiver).body, webhookHeaders(only(receiver)));
      expect(verify).not.to.throw();
    }
  });

  it("takes 2xx for delivered, and neither an error nor a redirect", async () => {
    const statuses = [200, 201, 204, 299, 302, 307, 400, 404, 410, 429, 500, 503];
    const left = [...statuses];
    const receiver = await start((response) => {
      response.writeHead(left.shift() ?? 200, { location: "/elsewhere" }).end();
    });
    const outcomes: string[] = [];
    for (const status of statuses) {
      const attempt = await deliver(to(receiver), anEvent(), 1);
      expect(attempt).to.include({ cause: "answered", status });
      outcomes.push(decide(attempt, [5_000], 0).status);
    }
    const delivered = statuses.filter((_status, index) => outcomes[index] === "delivered");
    expect(delivered).to.deep.equal([200, 201, 204, 299]);
    expect(new Set(receiver.received.map(({ path }) => path))).to.deep.equal(new Set(["/hooks"]));
    expect(receiver.received).to.have.length(statuses.length);
  });

  it("reads Retry-After as seconds or a date", async () => {
    const asked = ["120", new Date(clock.now() + 90_000).toUTCString(), "later"];
    const receiver = await start((response) =>
      response.writeHead(429, { "retry-after": asked.shift() }).end(),
    );
    expect(await deliver(to(receiver), anEvent(), 1)).to.include({ retryAfter: 120_000 });
    expect((await deliver(to(receiver), anEvent(), 1)).retryAfter).to.be.within(89_000, 90_000);
    expect(await deliver(to(receiver), anEvent(), 1)).to.include({ retryAfter: null });
  });

  it("returns the first 2 KiB of an answer, as text that can be stored", async () => {
    const receiver = await start((response) => response.writeHead(500).end(`\0a${"é".repeat(3_000)}`));
    const attempt = await deliver(to(receiver), anEvent(), 1);
    expect(attempt.status).to.equal(500);
    expect(attempt.answer).to.equal(`\uFFFDa${"é".repeat(1_023)}`);
  });

  it("stops reading an answer that does not end, and lets the connection go", async () => {
    let hungUp = false;
    const receiver = await start((response) => {
      response.on("close", () => {
        hungUp = true;
      });
      const more = () => {
        while (response.write(Buffer.alloc(65_536, "x")));
      };
      response.on("drain", more);
      more();
    });
    const attempt = await deliver(to(receiver), anEvent(), 1);
    expect(attempt).to.include({ cause: "answered", status: 200, answer: "x".repeat(2_048) });
    await until(() => hungUp, "the sender has hung up");
  });

  it("aborts a request without an answer at its timeout", async () => {
    const receiver = await start(() => {});
    const delivering = deliver(to(receiver), anEvent(), 1);
    await until(() => receiver.received.length === 1, "the post has come");
    await clock.advance(15_000);
    expect(await delivering).to.deep.include({ cause: "timeout", status: null, duration: 15_000 });
  });

  it("aborts an answer that drips at its timeout, and does not count it as delivered", async () => {
    let drip = () => {};
    const receiver = await start((response) => {
      drip = () => void response.write(".");
      drip();
    });
    const delivering = deliver(to(receiver), anEvent(), 1);
    await until(() => receiver.received.length === 1, "the post has come");
    for (let second = 0; second < 15; second++) {
      drip();
      await clock.advance(1_000);
    }
    const attempt = await delivering;
    expect(attempt).to.include({ cause: "timeout", status: 200, duration: 15_000 });
    expect(decide(attempt, [5_000], 0).status).to.equal("pending");
  });

  it("leaves no timer behind", async () => {
    const receiver = await start();
    await deliver(to(receiver), anEvent(), 1);
    expect(clock.timers).to.equal(0);
  });

  it("stops at once when it is interrupted, also before it began", async () => {
    const receiver = await start(() => {});
    const shutdown = new AbortController();
    const delivering = deliver(to(receiver), anEvent(), 1, { signal: shutdown.signal });
    await until(() => receiver.received.length === 1, "the post has come");
    shutdown.abort();
    expect(await delivering).to.include({ cause: "interrupted", status: null });
    expect(await deliver(to(receiver), anEvent(), 1, { signal: shutdown.signal })).to.include({
      cause: "interrupted",
    });
    expect(receiver.received).to.have.length(1);
    expect(clock.timers).to.equal(0);
  });

  it("distinguishes an unresolved name, a closed port, a reset and a failed handshake", async () => {
    const closed = await startReceiver();
    await closed.close();
    const resetting = await start((_response, _received, request) => request.socket.resetAndDestroy());
    const plain = await start();
    const causeAt = async (url: string) => (await deliver(aDestination({ url }), anEvent(), 1)).cause;
    expect(await causeAt("http://countersign.invalid/hooks")).to.equal("dns");
    expect(await causeAt(closed.url)).to.equal("refused");
    expect(await causeAt(resetting.url)).to.equal("reset");
    expect(await causeAt(plain.url.replace("http:", "https:"))).to.equal("tls");
  });

  it("takes a truncated answer for none, but returns its status", async () => {
    const receiver = await start((response) => {
      response.writeHead(200, { "content-length": "100" }).write("half");
      setImmediate(() => response.socket?.destroy());
    });
    expect(await deliver(to(receiver), anEvent(), 1)).to.include({ cause: "reset", status: 200 });
  });

  it("returns the status of an answer of which only the head came", async () => {
    const receiver = await start((response) => void response.writeHead(202).flushHeaders());
    const delivering = deliver(to(receiver), anEvent(), 1);
    await until(() => receiver.received.length === 1, "the post has come");
    // The head has arrived once the head of another answer has.
    await fetch(receiver.url, { method: "POST" });
    await clock.advance(15_000);
    expect(await delivering).to.include({ cause: "timeout", status: 202 });
  });

  it("returns the target of a redirect, without possible credentials", async () => {
    const places = [
      ["https://crm:hush@crm.internal/hooks/esign/?token=hush#hush", "https://crm.internal/hooks/esign/"],
      ["/hooks/?token=hush", "ORIGIN/hooks/"],
      ["//other.internal/x", "http://other.internal/x"],
      ["javascript:hush", null],
      ["http://[hush", null],
    ] as const;
    const left = places.map(([location]) => location);
    const receiver = await start((response) =>
      response.writeHead(308, { location: left.shift() }).end("moved"),
    );
    for (const [location, shown] of places) {
      const attempt = await deliver(to(receiver), anEvent(), 1);
      const expected = shown?.replace("ORIGIN", new URL(receiver.url).origin) ?? null;
      expect(locationIn(attempt), location).to.equal(expected);
      expect(textIn(attempt), location).to.equal("moved");
      expect(attempt.answer, location).not.to.include("hush");
    }
  });

  it("does not wait for a server that switches to another protocol", async () => {
    const receiver = await start((response) => {
      response.socket?.write("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n");
    });
    expect(await deliver(to(receiver), anEvent(), 1)).to.include({ cause: "other", status: null });
  });

  it("reuses connections, and keeps at most as many as its concurrency", async () => {
    const receiver = await start();
    const destination = to(receiver, { concurrency: 2 });
    await Promise.all(Array.from({ length: 20 }, () => deliver(destination, anEvent(), 1)));
    expect(receiver.received).to.have.length(20);
    expect(receiver.connections).to.be.at.most(2);
  });

  it("posts again within the same attempt when a pooled connection had just been closed", async () => {
    const used = new WeakSet<object>();
    const receiver = await start((response, _received, { socket }) => {
      if (used.has(socket)) return void socket.destroy();
      used.add(socket);
      response.end("ok");
    });
    const destination = to(receiver);
    await deliver(destination, anEvent(), 1);
    expect(await deliver(destination, anEvent(), 2)).to.include({
      number: 2,
      cause: "answered",
      status: 200,
    });
    expect(receiver.received).to.have.length(3);
    expect(receiver.received[2]?.body.equals(receiver.received[1]?.body ?? Buffer.alloc(0))).to.equal(true);
  });

  it("does not post again when a new connection is closed", async () => {
    const receiver = await start((_response, _received, { socket }) => void socket.destroy());
    expect(await deliver(to(receiver), anEvent(), 1)).to.include({ cause: "reset", status: null });
    expect(receiver.received).to.have.length(1);
  });

  it("does not post again once an answer has begun", async () => {
    let count = 0;
    const receiver = await start((response, _received, { socket }) => {
      count += 1;
      if (count === 1) return void response.end("ok");
      response.write("half");
      setImmediate(() => socket.destroy());
    });
    const destination = to(receiver);
    await deliver(destination, anEvent(), 1);
    expect(await deliver(destination, anEvent(), 1)).to.include({ cause: "reset", status: 200 });
    expect(receiver.received).to.have.length(2);
  });

  it("authorizes with the user and password of the URL, and never shows them", async () => {
    const receiver = await start();
    const url = `${receiver.url.replace("//", "//crm:hush@")}?token=hush`;
    await deliver(aDestination({ url }), anEvent(), 1);
    const authorization = `Basic ${Buffer.from("crm:hush").toString("base64")}`;
    expect(only(receiver).headers).to.include({ authorization });

    const failed = await deliver(
      aDestination({ url: "http://crm:hush@countersign.invalid/?token=hush" }),
      anEvent(),
      1,
    );
    expect(failed.answer).to.be.a("string").that.does.not.include("hush");
  });

  it("returns an attempt for an unforeseen error", async () => {
    const attempt = await deliver(aDestination({ url: "not a url, hush" }), anEvent(), 1);
    expect(attempt).to.include({ cause: "other", status: null, answer: "Invalid URL" });
  });
});
