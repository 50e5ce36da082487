import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import type { Overrides } from "../../src/app.ts";
import { loadConfig } from "../../src/config.ts";
import { CountersignError } from "../../src/domain/errors.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import type { Store } from "../../src/store/store.ts";
import {
  aFolder,
  type Bridge,
  configText,
  FORM,
  type Receiver,
  SECRET,
  startBridge,
  startReceiver,
  TOKEN,
  tidy,
} from "../support/bridge.ts";
import { createManualClock } from "../support/clock.ts";
import { only } from "../support/only.ts";
import { until } from "../support/until.ts";

const START = Date.UTC(2026, 0, 31, 12);
const UPON = `upon: { token: ${TOKEN} }`;
const BATCH = `batch: { token: ${TOKEN} }`;
const inShadow = (channel: string) => channel.replace(" }", ", shadow: true }");

describe("a channel in shadow", () => {
  let receiver: Receiver;
  let folder: string;
  let file: string;
  beforeEach(async () => {
    receiver = await startReceiver();
    folder = aFolder();
    file = join(folder, "countersign.yaml");
  });
  afterEach(tidy);

  /** With the batch in shadow, unless another channel is said to be. */
  const textWith = (...channels: string[]) => {
    const text = configText(`destinations: { crm: { url: "${receiver.url}", secrets: ["${SECRET}"] } }`);
    return text.replace(UPON, channels[0] ?? UPON).replace(BATCH, channels[1] ?? inShadow(BATCH));
  };
  const start = (text = textWith(), overrides: Overrides = {}) => {
    writeFileSync(file, text);
    return startBridge(text, { folder, load: () => loadConfig(file, {}), ...overrides });
  };
  const reload = (bridge: Bridge, ...channels: string[]) => {
    writeFileSync(file, textWith(...channels));
    return bridge.reload();
  };
  const item = (value: string, document = "d1", second = 0) => ({
    value,
    timestamp: new Date(START + second * 1_000).toISOString(),
    resource_uri: `/api/v1/document/${document}/`,
    name: "status",
  });
  const postBatch = async (bridge: Bridge, ...items: object[]) => {
    const body = new URLSearchParams({ data: JSON.stringify(items) }).toString();
    return (await bridge.post(`/in/legalesign/batch?token=${TOKEN}`, body, FORM)).body;
  };
  const postUpon = async (bridge: Bridge, trigger: string, document = "d1") => {
    const body = `uuid=${document}&resource_uri=/api/v1/document/${document}/`;
    return (await bridge.post(`/in/legalesign/upon?token=${TOKEN}&trigger=${trigger}`, body, FORM)).body;
  };
  const list = async (bridge: Bridge, path: string) => (await bridge.admin(`/api/v1/${path}`)).body.items;
  const released = (bridge: Bridge) =>
    until(async () => (await list(bridge, "receipts?shadow=true")).length === 0, "all is out of the shadow");
  const arrived = () =>
    receiver.deliveries.map(({ json }) => [
      json.type.replace("esign.", ""),
      json.data.document.id,
      json.data.sequence,
    ]);
  const explain = async (bridge: Bridge, id: string) => (await bridge.admin(`/api/v1/explain/${id}`)).body;

  it("has its posts verified and kept, and what it alone reports delivered to nobody", async () => {
    const bridge = await start();
    expect((await bridge.post("/in/legalesign/batch?token=wrong", "data=[]", FORM)).status).to.equal(401);
    const answer = await postBatch(bridge, item("10"), item("30"));
    expect(answer).to.include({ events: 0, duplicates: 0, problem: null });
    for (const path of ["events", "documents", "deliveries"])
      expect(await list(bridge, path), path).to.deep.equal([]);
    const { shadow, id } = only<{ id: string; shadow: string[] }>(await list(bridge, "receipts"));
    expect([id, shadow.length]).to.deep.equal([answer.receipt, 2]);
    expect((await explain(bridge, id)).summary.heading.join(" ")).to.include("in shadow");
    const [event = ""] = shadow;
    const { summary, sentences } = await explain(bridge, event);
    expect(summary.heading[0]).to.include("known from channels in shadow alone");
    expect(sentences[0].text).to.include(`over batch, in shadow, by receipt ${id}`);
  });

  it("lets what another channel reports later be delivered once, at that moment, and `explain` say so", async () => {
    const bridge = await start();
    const { receipt } = await postBatch(bridge, item("10"), item("30"));
    expect(await postUpon(bridge, "sent")).to.include({ events: 1 });
    await receiver.got(1);
    expect(arrived()).to.deep.equal([["document.sent", "d1", 1]]);
    expect(await postBatch(bridge, item("10"))).to.include({ events: 0, duplicates: 1 });
    const { id } = only<{ id: string }>(await list(bridge, "events"));
    const texts = (await explain(bridge, id)).sentences.map(({ text }: { text: string }) => text);
    expect(texts.filter((text: string) => text.includes("in shadow"))).to.deep.equal([
      `Reported over batch, in shadow, by receipt ${receipt}; nothing was forwarded for that.`,
    ]);
    expect(receiver.deliveries).to.have.length(1);
  });

  it("changes nothing of a document that another channel reports", async () => {
    const bridge = await start();
    await postBatch(bridge, item("50"));
    await postUpon(bridge, "sent");
    const [{ json }] = (await receiver.got(1)) as [Receiver["deliveries"][number]];
    expect(json.data.document).to.include({ status: "sent" });
    expect(json.data).to.include({ late: false, sequence: 1 });
  });

  it("has what it alone reported delivered once when the mark is taken away, in the order reported", async () => {
    const bridge = await start();
    await postBatch(bridge, item("10"), item("20", "d1", 1), item("10", "d2"));
    await postUpon(bridge, "sent");
    await postBatch(bridge, item("30", "d1", 2), item("10", "d1"));
    await receiver.got(1);
    await reload(bridge, UPON, BATCH);
    await receiver.got(4);
    await released(bridge);
    expect(arrived().filter(([, document]) => document === "d1")).to.deep.equal([
      ["document.sent", "d1", 1],
      ["document.fields_completed", "d1", 2],
      ["document.completed", "d1", 3],
    ]);
    expect(arrived().filter(([, document]) => document === "d2")).to.have.length(1);
    await bridge.reload();
    expect(await postBatch(bridge, item("30"), item("10", "d2"))).to.include({ events: 0, duplicates: 2 });
    expect(await list(bridge, "deliveries")).to.have.length(4);
  });

  it("can be put back, and taken away again", async () => {
    const bridge = await start(textWith(UPON, BATCH));
    await postBatch(bridge, item("10"));
    await receiver.got(1);
    await reload(bridge, UPON, inShadow(BATCH));
    expect(await postBatch(bridge, item("10"), item("20"))).to.include({ events: 0, duplicates: 1 });
    expect(await list(bridge, "events")).to.have.length(1);
    await reload(bridge, UPON, BATCH);
    await receiver.got(2);
    await reload(bridge, UPON, inShadow(BATCH));
    await postBatch(bridge, item("30"));
    expect(await list(bridge, "events")).to.have.length(2);
    await reload(bridge, UPON, BATCH);
    await receiver.got(3);
    await released(bridge);
    expect(arrived().map(([, , sequence]) => sequence)).to.deep.equal([1, 2, 3]);
  });

  it("is released by a start whose configuration has no mark, and not by one that has", async () => {
    const before = await start();
    await postBatch(before, item("10"));
    await before.stop();
    const again = await start();
    expect(await list(again, "receipts?shadow=true")).to.have.length(1);
    await again.stop();
    const after = await start(textWith(UPON, BATCH));
    await receiver.got(1);
    await released(after);
  });

  it("leaves the receipts of a channel that is not configured, until it is again", async () => {
    const bridge = await start();
    await postBatch(bridge, item("10"));
    await reload(bridge, UPON, "");
    await postUpon(bridge, "rejected");
    await receiver.got(1);
    expect(await list(bridge, "receipts?shadow=true")).to.have.length(1);
    await reload(bridge, UPON, BATCH);
    await receiver.got(2);
  });

  describe("with a store that is slow or away", () => {
    let store: Store;
    beforeEach(() => {
      let drawn = 0;
      store = openSqliteStore({
        file: join(folder, "countersign.db"),
        owned: true,
        token: () => `t${++drawn}`,
      });
    });

    it("releases a request whose recording began before the reload and ended after it", async () => {
      const gate = Promise.withResolvers<void>();
      const begun = Promise.withResolvers<void>();
      const slow: Store = {
        ...store,
        async record(request) {
          if (request.shadow) {
            begun.resolve();
            await gate.promise;
          }
          return store.record(request);
        },
      };
      const bridge = await start(textWith(), { store: slow });
      const answer = postBatch(bridge, item("10"));
      await begun.promise;
      const reloading = reload(bridge, UPON, BATCH);
      await postUpon(bridge, "rejected", "d9");
      gate.resolve();
      await Promise.all([answer, reloading]);
      await receiver.got(2);
      await released(bridge);
    });

    it("releases a long batch of which a reload came in the middle, wholly and once", async () => {
      const items = Array.from({ length: 620 }, (_, n) => item("10", `d${n}`));
      let slices = 0;
      let reloading = Promise.resolve();
      const bridge: Bridge = await start(textWith(), {
        store: {
          ...store,
          async amend(request) {
            slices += 1;
            if (slices === 1) reloading = reload(bridge, UPON, BATCH);
            return store.amend(request);
          },
        },
      });
      expect(await postBatch(bridge, ...items)).to.include({ events: 0, problem: null });
      await reloading;
      await receiver.got(620);
      await released(bridge);
      expect(new Set(arrived().map(([, document]) => document)).size).to.equal(620);
      expect(receiver.deliveries).to.have.length(620);
    });

    it("goes on with the release once the store is back", async () => {
      const clock = createManualClock(START);
      let away = true;
      const bridge = await start(textWith(), {
        clock,
        store: {
          ...store,
          async amend(request) {
            if (away) throw new CountersignError("store_unavailable", "the disk is full");
            return store.amend(request);
          },
        },
      });
      await postBatch(bridge, item("10"));
      await reload(bridge, UPON, BATCH);
      expect(await list(bridge, "receipts?shadow=true")).to.have.length(1);
      away = false;
      await until(async () => {
        await clock.advance(10_000);
        return receiver.deliveries.length === 1;
      }, "the event is delivered");
    });

    it("releases the others when one request cannot be processed", async () => {
      const bridge = await start(textWith(), {
        store: {
          ...store,
          async amend(request) {
            if (request.lookup.documents.includes("bad")) throw new TypeError("a defect");
            return store.amend(request);
          },
        },
      });
      await postBatch(bridge, item("10", "bad"));
      await postBatch(bridge, item("10", "good"));
      await reload(bridge, UPON, BATCH);
      await receiver.got(1);
      expect(await list(bridge, "receipts?shadow=true")).to.have.length(1);
    });
  });
});
