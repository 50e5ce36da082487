import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type RequestListener,
} from "node:http";
import { createServer as createSecureServer } from "node:https";
import { type AddressInfo, connect, type LookupFunction, type Server, type Socket } from "node:net";
import { createSecureContext, getCACertificates, setDefaultCACertificates } from "node:tls";
import { expect } from "chai";
import { createDeliver } from "../../src/outbound/deliver.ts";
import { createManualClock } from "../support/clock.ts";
import { until } from "../support/until.ts";
import { type Certificates, makeCertificates } from "./certificates.ts";
import { aDestination, anEvent, type Receiver, startReceiver } from "./fixtures.ts";

interface Asked {
  authority: string;
  headers: IncomingHttpHeaders;
}

type Treat = (socket: Socket, open: () => void) => void;

describe("deliver, through a proxy", function () {
  this.timeout(20_000);
  const clock = createManualClock(Date.now());
  const closing: (() => void)[] = [];
  let made: Certificates;
  before(function () {
    const certificates = makeCertificates();
    if (!certificates) return this.skip();
    made = certificates;
  });
  afterEach(() => {
    for (const close of closing.splice(0)) close();
  });

  const listen = async (server: Server): Promise<number> => {
    const sockets = new Set<Socket>();
    server.on("connection", (socket: Socket) => sockets.add(socket.on("error", () => {})));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    closing.push(() => {
      server.close();
      for (const socket of sockets) socket.destroy();
    });
    return (server.address() as AddressInfo).port;
  };

  /** A small real proxy that resolves every name to 127.0.0.1. */
  async function startProxy(treat: Treat = (_socket, open) => open(), { secure = false } = {}) {
    const asked: Asked[] = [];
    const others: string[] = [];
    const refuse: RequestListener = (request, response) => {
      others.push(`${request.method} ${request.url}`);
      response.writeHead(405).end();
    };
    const server = secure ? createSecureServer(made.server, refuse) : createServer(refuse);
    server.on("connect", ({ url: authority = "", headers }: IncomingMessage, socket: Socket) => {
      asked.push({ authority, headers });
      treat(socket, () => {
        const to = connect(Number(/:(\d+)$/.exec(authority)?.[1]), "127.0.0.1", () => {
          socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
          to.pipe(socket).pipe(to);
        });
        to.on("error", () => socket.destroy());
        socket.on("close", () => to.destroy());
      });
    });
    return { asked, others, url: `http${secure ? "s" : ""}://127.0.0.1:${await listen(server)}` };
  }

  async function start(): Promise<Receiver> {
    const receiver = await startReceiver();
    closing.push(() => void receiver.close());
    return receiver;
  }

  async function startSecure(): Promise<string> {
    const server = createSecureServer(made.server, (request, response) => {
      request.resume().on("end", () => response.end(`${request.headers["webhook-id"]}`));
    });
    return `https://127.0.0.1:${await listen(server)}/hooks`;
  }

  /** Only the given names resolve here. */
  const knowing =
    (names: Record<string, string> = {}): LookupFunction =>
    (hostname, _options, callback) => {
      const address = names[hostname];
      if (address === undefined)
        callback(Object.assign(new Error("no such name"), { code: "ENOTFOUND" }), "");
      else callback(null, [{ address, family: 4 }]);
    };
  const deliverWith = (lookup: LookupFunction = knowing()) =>
    createDeliver({ clock, version: "0.1.0", lookup });

  it("reaches a destination over TLS by its certificate, and hides the post from the proxy", async () => {
    const proxy = await startProxy();
    const url = await startSecure();
    const deliver = deliverWith();
    const tls = createSecureContext({ ca: made.ca });
    expect(await deliver(aDestination({ url, tls, proxy: proxy.url }), anEvent(), 1)).to.include({
      cause: "answered",
      status: 200,
      answer: anEvent().id,
    });
    expect(proxy.asked[0]?.authority).to.equal(new URL(url).host);
    expect(Object.keys(proxy.asked[0]?.headers ?? {})).to.have.members(["host", "connection"]);
    expect(await deliver(aDestination({ url, proxy: proxy.url }), anEvent(), 1)).to.include({ cause: "tls" });
  });

  it("reaches a plain destination too, and reuses the connection", async () => {
    const [proxy, receiver] = [await startProxy(), await start()];
    const destination = aDestination({ url: receiver.url, proxy: proxy.url, concurrency: 1 });
    const deliver = deliverWith();
    for (let number = 1; number <= 3; number++)
      expect(await deliver(destination, anEvent(), number)).to.include({ cause: "answered", status: 200 });
    expect(receiver.received).to.have.length(3);
    expect(proxy.asked).to.have.length(1);
    expect(proxy.others).to.deep.equal([]);
  });

  it("uses TLS with an https proxy, and trusts the well-known authorities only", async () => {
    const [proxy, receiver] = [await startProxy(undefined, { secure: true }), await start()];
    const tls = createSecureContext({ ca: made.ca });
    const destination = () => aDestination({ url: receiver.url, proxy: proxy.url, tls });
    expect(await deliverWith()(destination(), anEvent(), 1)).to.include({ cause: "proxy", status: null });
    const before = getCACertificates();
    setDefaultCACertificates([...before, made.ca]);
    try {
      expect(await deliverWith()(destination(), anEvent(), 1)).to.include({ cause: "answered", status: 200 });
    } finally {
      setDefaultCACertificates(before);
    }
  });

  it("shows the proxy's user and password to the proxy only", async () => {
    const [proxy, receiver] = [await startProxy(), await start()];
    const withPassword = proxy.url.replace("//", "//bridge:p%40ss@");
    await deliverWith()(aDestination({ url: receiver.url, proxy: withPassword }), anEvent(), 1);
    expect(proxy.asked[0]?.headers["proxy-authorization"]).to.equal(
      `Basic ${Buffer.from("bridge:p@ss").toString("base64")}`,
    );
    expect(receiver.received[0]?.headers).not.to.have.property("proxy-authorization");
  });

  it("names the proxy and its failure, without the password", async () => {
    const receiver = await start();
    const failing: Treat[] = [
      (socket) => void socket.end("HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n"),
      (socket) => void socket.destroy(),
    ];
    for (const treat of failing) {
      const proxy = await startProxy(treat);
      const attempt = await deliverWith()(
        aDestination({ url: receiver.url, proxy: proxy.url.replace("//", "//bridge:hush@") }),
        anEvent(),
        1,
      );
      expect(attempt).to.include({ cause: "proxy", status: null });
      expect(attempt.answer).to.include(`the proxy ${proxy.url} `).and.not.include("hush");
    }
    const gone = aDestination({ url: receiver.url, proxy: "http://127.0.0.1:9" });
    expect(await deliverWith()(gone, anEvent(), 1)).to.include({ cause: "proxy", status: null });
    expect(receiver.received).to.have.length(0);
  });

  for (const [phase, name, lookup] of [
    ["the proxy does not answer", "127.0.0.1", undefined],
    ["the name is not resolved", "crm.test", () => {}],
  ] as const)
    for (const scheme of ["http", "https"])
      it(`ends at its timeout and when interrupted, while ${phase} (${scheme})`, async () => {
        const proxy = await startProxy(() => {});
        const deliver = deliverWith(lookup);
        const url = `${scheme}://${name}:9/hooks`;
        // The proxy may be silent for longer than this test.
        const destination = aDestination({ url, proxy: proxy.url, timeout: 60_000, concurrency: 1 });
        const shutdown = new AbortController();
        const [late, waiting] = [1, 2].map((number) => deliver(destination, anEvent(), number));
        const stopped = deliver(destination, anEvent(), 3, { signal: shutdown.signal });
        if (!lookup) await until(() => proxy.asked.length > 0, "the proxy was asked");
        shutdown.abort();
        expect(await stopped).to.include({ cause: "interrupted", status: null });
        await clock.advance(60_000);
        for (const attempt of await Promise.all([late, waiting]))
          expect(attempt).to.include({ cause: "timeout", status: null });
        expect(clock.timers).to.equal(0);
      });

  it("sends the proxy the name, also one that does not resolve here", async () => {
    const [proxy, receiver] = [await startProxy(), await start()];
    const { port } = new URL(receiver.url);
    const url = `http://crm.test:${port}/hooks`;
    for (const network of ["any", "public"] as const)
      expect(await deliverWith()(aDestination({ url, proxy: proxy.url, network }), anEvent(), 1)).to.include({
        status: 200,
      });
    expect(proxy.asked.map(({ authority }) => authority)).to.deep.equal([
      `crm.test:${port}`,
      `crm.test:${port}`,
    ]);
  });

  it("asks the proxy for no refused address, nor for a name that resolves to one", async () => {
    const proxy = await startProxy();
    const deliver = deliverWith(knowing({ "metadata.test": "169.254.169.254", "crm.test": "10.0.0.1" }));
    const causeOf = async (url: string, network: "any" | "public") =>
      (await deliver(aDestination({ url, proxy: proxy.url, network }), anEvent(), 1)).cause;
    expect(await causeOf("http://metadata.test/", "any")).to.equal("blocked");
    expect(await causeOf("http://crm.test/", "public")).to.equal("blocked");
    expect(await causeOf("http://169.254.169.254/", "any")).to.equal("blocked");
    expect(await causeOf("https://10.0.0.1/", "public")).to.equal("blocked");
    expect(proxy.asked).to.deep.equal([]);
  });

  it("uses no proxy of the environment", async () => {
    const [proxy, receiver] = [await startProxy(), await start()];
    const names = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"];
    const before = names.map((name) => [name, process.env[name]] as const);
    for (const name of names) process.env[name] = proxy.url;
    try {
      expect(await deliverWith()(aDestination({ url: receiver.url }), anEvent(), 1)).to.include({
        status: 200,
      });
    } finally {
      for (const [name, value] of before) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    }
    expect([proxy.asked, proxy.others]).to.deep.equal([[], []]);
  });
});
