import { writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { expect } from "chai";
import { PRUNABLE } from "../../src/store/port/retention.ts";
import { runCommand } from "../cli/terminal.ts";
import {
  aFolder,
  configText,
  type Delivered,
  FORM,
  LUMIN_KEY,
  SECRET,
  signedByLumin,
  startBridge,
  startReceiver,
  TOKEN,
  tidy,
} from "../support/bridge.ts";
import { createManualClock, settled } from "../support/clock.ts";
import { startScripted } from "../support/scripted-receiver.ts";
import { until } from "../support/until.ts";
import {
  AWAY,
  afterAttempts,
  aStore,
  CLOSED,
  create,
  crm,
  delivery,
  LUMIN,
  list,
  post,
  requestBody,
  serve,
  verify,
} from "./mistakes.ts";

describe("of the mistakes of other gateways, the bridge makes none: it", () => {
  afterEach(tidy);

  it("does not take a redirect for a delivery, nor follow it", async () => {
    const clock = createManualClock(Date.now());
    const receiver = await startScripted(clock, ({ path }) => (path === "/hook" ? "redirect" : "ok"));
    const bridge = await startBridge(crm(receiver.url, ", retry: []"));
    await create(bridge);
    const { status, reason, history } = await afterAttempts(bridge, 1);
    expect([status, reason, history[0].status]).to.deep.equal(["parked", "schedule_exhausted", 302]);
    expect(receiver.met.map(({ method, path }) => `${method} ${path}`)).to.deep.equal(["POST /hook"]);
  });

  it("does not take a 500 of the destination for delivered", async () => {
    const clock = createManualClock(Date.now());
    const receiver = await startReceiver((nth) => (nth === 1 ? 500 : 200));
    const bridge = await startBridge(crm(receiver.url), { clock });
    await create(bridge);
    expect(await afterAttempts(bridge, 1)).to.include({ status: "pending" });
    await clock.advance(6_000);
    expect(await afterAttempts(bridge, 2)).to.include({ status: "delivered" });
  });

  it("refuses a chunked body over the limit, even when what fits of it would be genuine", async () => {
    const bridge = await startBridge(configText(undefined, "{ host: 127.0.0.1, port: 0, maxBody: 1kb }"));
    const fits = requestBody("created", "r1").padEnd(1_024);
    const status = await new Promise((resolve, reject) => {
      const headers = { ...signedByLumin(fits), "transfer-encoding": "chunked" };
      const chunked = request(`${bridge.url}${LUMIN}`, { method: "POST", headers }, (answer) => {
        resolve(answer.resume().statusCode);
      });
      chunked.on("error", reject).write(fits);
      chunked.end(" and more");
    });
    expect(status).to.equal(413);
    expect(await list(bridge, "receipts")).to.deep.equal([]);
    expect((await post(bridge, fits)).body).to.include({ events: 1 });
  });

  it("distinguishes happenings whose parts are equal only when joined", async () => {
    const bridge = await startBridge();
    for (const [n, between] of ["", "|", ":", "/", ",", " "].entries()) {
      for (const [document, email] of [
        ["a", `b${between}c@example.com`],
        [`a${between}b`, "c@example.com"],
      ] as const) {
        const id = `${n}${document}`;
        const signed = requestBody("signed", id, { signers: [{ email, is_approved: true }] });
        await post(bridge, requestBody("created", id, { signers: [{ email, is_approved: false }] }));
        expect((await post(bridge, signed)).body, id).to.include({ events: 1, duplicates: 0 });
      }
    }
  });

  it("makes one event of identical posts at once", async () => {
    const receiver = await startReceiver();
    const bridge = await startBridge(crm(receiver.url));
    const answers = await Promise.all(Array.from({ length: 50 }, () => create(bridge)));
    expect(answers.map(({ body }) => body.events).toSorted()).to.deep.equal([...Array(49).fill(0), 1]);
    expect(await afterAttempts(bridge, 1)).to.include({ status: "delivered" });
    expect(receiver.deliveries).to.have.length(1);
  });

  it("stores 10.50, 007, repeated keys, +, %2B and bytes that are not UTF-8 as they came", async () => {
    const receiver = await startReceiver();
    const bridge = await startBridge(crm(receiver.url));
    const body = Buffer.from("uuid=007&event=100&name=10.50+%2B+1&name=2&tag=0010&x=Caf\xe9%ff", "latin1");
    const { receipt } = (await bridge.post(`/in/legalesign/upon?token=${TOKEN}`, body, FORM)).body;
    const stored = (await bridge.admin(`/api/v1/receipts/${receipt}`)).body;
    expect(Buffer.from(stored.body, "base64").equals(body)).to.equal(true);
    const [one] = await receiver.got(1);
    const document = { id: "007", title: "10.50 + 1", tags: ["0010"] };
    expect(one?.json.data.document).to.deep.include(document);
  });

  it("signs the very bytes that it sends, in every format", async () => {
    const receiver = await startReceiver();
    const to = (format: string, secret = SECRET) =>
      `${format}: { url: "${receiver.url}", secrets: ["${secret}"], format: ${format} }`;
    const ours = ["cloudevents", "cloudevents-binary", "standard"].map((format) => to(format));
    const lumin = to("lumin", `raw:${LUMIN_KEY}`);
    const bridge = await startBridge(configText(`destinations: { ${[...ours, lumin].join(", ")} }`));
    await post(bridge, requestBody("created", "r1", { title: 'Ü✍ \u2028 </a> & "é" \u{1F58B} 1.0' }));
    const deliveries = await receiver.got(4);
    for (const { headers, body } of deliveries.filter((one) => !one.headers["x-signature"])) {
      expect(() => verify(body, headers)).not.to.throw();
      expect(() => verify(Buffer.concat([body, Buffer.from(" ")]), headers)).to.throw(
        "No matching signature",
      );
    }
    const [asLumin] = deliveries.filter((one) => one.headers["x-signature"]) as [Delivered];
    expect(asLumin.headers["x-signature"]).to.equal(signedByLumin(asLumin.body)["x-signature"]);
  });

  it("sends the timestamp that it signed, of the same attempt", async () => {
    // The last moment of a second: one place that rounds and one that cuts would differ.
    const second = Math.floor(Date.now() / 1_000);
    const clock = createManualClock(second * 1_000 + 999);
    const receiver = await startReceiver((nth) => (nth === 1 ? 500 : 200));
    const bridge = await startBridge(crm(receiver.url, ", retry: [60s]"), { clock, random: () => 0 });
    await create(bridge);
    await afterAttempts(bridge, 1);
    await clock.advance(60_000);
    const posts = await receiver.got(2);
    expect(posts.map(({ headers }) => Number(headers["webhook-timestamp"]) - second)).to.deep.equal([0, 60]);
    for (const { headers, body } of posts) {
      expect(() => verify(body, headers)).not.to.throw();
    }
  });

  it("lets a destination that drips its answer hold a worker no longer than the timeout", async () => {
    const clock = createManualClock(Date.now());
    const receiver = await startScripted(clock, (_post, _ofEvent, n) => (n === 0 ? "drip" : "ok"));
    const bridge = await startBridge(crm(receiver.url, ", concurrency: 1"), { clock });
    await create(bridge, "r1");
    await create(bridge, "r2");
    await until(() => receiver.hanging().length === 1, "the first post hangs");
    await clock.advance(14_999);
    expect(receiver.met).to.have.length(1);
    await clock.advance(1);
    await until(() => receiver.met.length === 2, "2 posts have come");
    expect((await afterAttempts(bridge, 1)).history[0]).to.include({ cause: "timeout", status: 200 });
  });

  it("does not start with the text ${MISSING} where a secret should be", async () => {
    const file = join(aFolder(), "countersign.yaml");
    writeFileSync(file, configText().replaceAll(TOKEN, '"${MISSING_TOKEN_OF_OURS}"'));
    const { code, stderr } = await runCommand(["serve", "--config", file]);
    expect(code).to.equal(1);
    expect(stderr)
      .to.include("MISSING_TOKEN_OF_OURS")
      .and.match(/countersign\.yaml:\d+/);
  });

  it("neither loses nor counts an attempt that a stop aborts", async () => {
    const receiver = await startScripted(createManualClock(0), (_post, nth) =>
      nth === 0 ? "silence" : "ok",
    );
    const before = await startBridge(crm(receiver.url));
    await create(before);
    await until(() => receiver.hanging().length === 1, "the first post hangs");
    await before.stop();
    const bridge = await startBridge(crm(receiver.url), { folder: before.folder });
    expect(await afterAttempts(bridge, 1)).to.include({ status: "delivered", attempts: 1 });
  });

  it("recovers by itself after three seconds without the database, and reports them", async () => {
    const clock = createManualClock(Date.now());
    let away = false;
    const store = aStore(() => {
      if (away) throw AWAY();
    });
    const receiver = await startScripted(clock, (_post, _ofEvent, n) => (n === 0 ? "500" : "ok"));
    const bridge = await startBridge(crm(receiver.url, ", retry: [1s]"), { clock, store });
    await create(bridge, "r1");
    await afterAttempts(bridge, 1);
    await create(bridge, "r2");
    // While the store fails, the one is answered and the other falls due.
    await until(() => receiver.met.length === 2, "2 posts have come");
    away = true;
    expect((await create(bridge, "r3")).status).to.equal(503);
    expect((await bridge.admin("/readyz")).status).to.equal(503);
    await clock.advance(3_000);
    away = false;
    await clock.advance(5_000);
    const delivered = () => list(bridge, "deliveries?status=delivered");
    await until(async () => (await delivered()).length === 2, "two events are delivered");
    expect(receiver.met.map(({ document }) => document)).to.deep.equal(["r1", "r2", "r1"]);
    expect((await create(bridge, "r3")).status).to.equal(200);
    await until(() => receiver.met.length === 4, "4 posts have come");
    expect((await bridge.admin("/readyz")).status).to.equal(200);
  });

  it("has every event that it answered with 200 after a kill -9", async () => {
    const folder = aFolder();
    const { url, kill } = await serve(crm(CLOSED, ", paused: true"), folder);
    const posts = Array.from({ length: 40 }, async (_, n) => {
      const body = requestBody("created", `r${n}`);
      const answer = await fetch(`${url}${LUMIN}`, { method: "POST", body, headers: signedByLumin(body) });
      // Right after the first of them, the others on their way.
      kill();
      return answer.status === 200 ? [`r${n}`] : [];
    });
    const stored = (await Promise.allSettled(posts)).flatMap((one) =>
      one.status === "fulfilled" ? one.value : [],
    );
    expect(stored).not.to.deep.equal([]);

    const receiver = await startReceiver();
    await startBridge(crm(receiver.url), { folder });
    const arrived = () => receiver.deliveries.map(({ json }) => json.data.document.id);
    await until(() => stored.every((id) => arrived().includes(id)), "every accepted event has arrived");
  });

  it("stores an event that no destination subscribes to, and says so", async () => {
    const bridge = await startBridge(crm(CLOSED, ', events: ["signer.*"]'));
    await create(bridge);
    const [{ id, type }] = await list(bridge, "events");
    expect(type).to.equal("document.created");
    const { sentences } = (await bridge.admin(`/api/v1/explain/${id}`)).body;
    expect(sentences.at(-1).text).to.equal(`No destination asked for document.created (${id}).`);
    expect((await bridge.admin("/metrics")).body).to.include(
      'countersign_events_total{source="lumin",type="document.created"} 1',
    );
  });

  it("limits the growth of tables by genuine posts, and prunes no open delivery", async () => {
    const clock = createManualClock(Date.now());
    const receiver = await startReceiver((nth) => (nth === 2 ? 500 : 200));
    const text = `${crm(receiver.url, ", retry: [3d]")}\nretention: { receipts: 1d, events: 1d }`;
    const bridge = await startBridge(text, { clock });
    for (const id of ["sent", "waiting"]) {
      await create(bridge, id);
      const last = async () => (await list(bridge, "deliveries")).at(-1);
      await until(async () => (await last()).attempts > 0, `the event of ${id} was attempted`);
    }
    await clock.advance(26 * 3_600_000);
    expect(await list(bridge, "receipts")).to.deep.equal([]);
    const events = await list(bridge, "events");
    expect(events.map(({ document }: { document: { id: string } }) => document.id)).to.deep.equal([
      "waiting",
    ]);
    expect((await create(bridge, "sent")).body).to.include({ events: 0, duplicates: 1 });
    await clock.advance(72 * 3_600_000);
    await receiver.got(3);
  });

  it("limits the growth of a table by forged posts", async () => {
    const bridge = await startBridge(`${configText()}rejected: { keep: 3 }\n`);
    for (let n = 0; n < 10; n++)
      await bridge.post(LUMIN, requestBody("created", `r${n}`), signedByLumin("", "forged"));
    const stored = await Promise.all(
      (await list(bridge, "rejections")).map(async ({ id }: { id: string }) =>
        atob((await bridge.admin(`/api/v1/rejections/${id}`)).body.body),
      ),
    );
    expect(stored).to.deep.equal([7, 8, 9].map((n) => requestBody("created", `r${n}`)));
  });

  it("makes no store calls while idle, but for pruning once an hour", async () => {
    const clock = createManualClock(Date.now());
    const receiver = await startReceiver();
    const calls: string[] = [];
    const store = aStore((call) => calls.push(call));
    const bridge = await startBridge(crm(receiver.url), { clock, store });
    await create(bridge);
    await afterAttempts(bridge, 1);
    await settled();
    calls.length = 0;
    await clock.advance(24 * 3_600_000);
    expect(new Set(calls)).to.deep.equal(new Set(["prune"]));
    expect(calls.length).to.be.at.most(24 * PRUNABLE.length);
    expect(clock.timers).to.equal(1);
  });

  it("makes a scheduled retry at its time after a restart", async () => {
    const clock = createManualClock(Date.now());
    const receiver = await startReceiver((nth) => (nth === 1 ? 500 : 200));
    const text = crm(receiver.url, ", retry: [3h]");
    const before = await startBridge(text, { clock });
    await create(before);
    const { dueAt } = await afterAttempts(before, 1);
    await before.stop();

    const bridge = await startBridge(text, { clock, folder: before.folder });
    expect(await delivery(bridge)).to.include({ status: "pending", dueAt, attempts: 1 });
    await clock.advance(dueAt - clock.now() - 1);
    expect(receiver.deliveries).to.have.length(1);
    await clock.advance(1);
    expect(await afterAttempts(bridge, 2)).to.include({ status: "delivered" });
  });

  it("does not repeat a delivery while it cannot store its result", async () => {
    const clock = createManualClock(Date.now());
    let away = true;
    const store = aStore((call) => {
      if (away && call === "settle") throw AWAY();
    });
    const receiver = await startScripted(clock, () => "ok");
    const bridge = await startBridge(crm(receiver.url), { clock, store });
    await create(bridge);
    await until(() => receiver.met.length === 1, "the post has come");
    // Longer than the lease, so that the delivery falls due again meanwhile.
    for (let minutes = 0; minutes < 10; minutes++) await clock.advance(60_000);
    away = false;
    await clock.advance(5_000);
    expect(await afterAttempts(bridge, 1)).to.include({ status: "delivered" });
    expect(receiver.met).to.have.length(1);
  });

  it("records a destination's refusal at its delivery, not as a fault of the bridge", async () => {
    const receiver = await startScripted(createManualClock(0), () => "404");
    const bridge = await startBridge(crm(receiver.url, ", retry: [], breaker: { failures: 1 }"));
    await create(bridge, "r1");
    expect((await afterAttempts(bridge, 1)).history[0]).to.include({
      status: 404,
      answer: "no such customer",
    });
    expect(await list(bridge, "deliveries?status=parked&destination=crm")).to.have.length(1);
    expect(await list(bridge, "receipts?problems=true")).to.deep.equal([]);
    expect((await bridge.admin("/readyz")).status).to.equal(200);
    // Nor is it taken for a destination that is down.
    await create(bridge, "r2");
    await until(() => receiver.met.length === 2, "2 posts have come");
  });

  it("never answers a provider with a redirect, nor loses its post for a slash at the end", async () => {
    const bridge = await startBridge();
    const plain = { "x-forwarded-proto": "http", "upgrade-insecure-requests": "1" };
    for (const path of [
      `${LUMIN}/`,
      `/${LUMIN}`,
      `${LUMIN}//`,
      "/in/lumin/",
      "/IN/lumin/account",
      "/in",
      "/",
    ]) {
      const body = requestBody("created", path);
      const { status } = await bridge.post(path, body, { ...signedByLumin(body), ...plain });
      expect(status, path).to.be.oneOf(path === `${LUMIN}/` ? [200] : [200, 401, 404]);
    }
  });
});
