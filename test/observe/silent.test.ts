import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { expect } from "chai";
import { parseConfig } from "../../src/config.ts";
import { CountersignError } from "../../src/domain/errors.ts";
import type { Observers } from "../../src/observe/observers.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import type { Store } from "../../src/store/store.ts";
import {
  aFolder,
  configText,
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
import { until } from "../support/until.ts";
import { createWitness } from "./witness.ts";

/** Observers that do nothing. */
function silence(observers: Observers): Observers {
  const silent = (value: unknown): unknown =>
    typeof value === "object" && value !== null
      ? Object.fromEntries(Object.entries(value).map(([name, part]) => [name, silent(part)]))
      : () => {};
  return silent(observers) as Observers;
}

/** Undefined: the usual ones, which log and count. */
const OBSERVERS: readonly [title: string, observers: () => Observers | undefined][] = [
  ["that log and count", () => undefined],
  ["that do nothing", () => silence(createWitness().observers)],
];

const crm = (url: string, rest = "") =>
  `${configText(`destinations: { crm: { url: "${url}", secrets: ["${SECRET}"]${rest} } }`)}\nshutdown: 0s\n`;
const NOWHERE = "http://127.0.0.1:9/hooks";

const BATCH = `/in/legalesign/batch?token=${TOKEN}`;
/** `length` events of a document each, d0 and on. */
const batch = (length: number) => {
  const items = Array.from({ length }, (_, i) => ({
    value: "10",
    timestamp: "2022-07-11T07:28:25+00:00",
    resource_uri: `/api/v1/document/d${i}/`,
    name: "status",
  }));
  return `data=${encodeURIComponent(JSON.stringify(items))}`;
};
const created = JSON.stringify({
  event: { event_type: "signature_request_created", event_time: 1_700_000_000_000 },
  signature_request: { signature_request_id: "r1" },
});
const postCreated = (bridge: Awaited<ReturnType<typeof startBridge>>) =>
  bridge.post("/in/lumin/account", created, signedByLumin(created));

function aStore(given: Partial<Store> = {}): Store {
  return { ...openSqliteStore({ file: join(aFolder(), "countersign.db"), token: randomUUID }), ...given };
}

for (const [title, observers] of OBSERVERS) {
  describe(`a bridge with observers ${title}`, () => {
    afterEach(tidy);

    const start = (text: string, given: Parameters<typeof startBridge>[1] = {}) => {
      const observing = observers();
      return startBridge(text, observing ? { observers: observing, ...given } : given);
    };

    it("sends a recorded request on at once", async () => {
      const receiver = await startReceiver();
      // Its timers never fire, so only the recording itself can wake the dispatcher.
      const clock = createManualClock(Date.UTC(2026, 0, 1));
      const bridge = await start(crm(receiver.url), { clock });
      expect((await postCreated(bridge)).status).to.equal(200);
      const [delivered] = await receiver.got(1);
      expect(delivered?.json.type).to.equal("esign.document.created");
    });

    it("attempts a failed delivery again when it is due", async () => {
      const clock = createManualClock(Date.UTC(2026, 0, 1));
      const receiver = await startReceiver((nth) => (nth === 1 ? 500 : 200));
      const bridge = await start(crm(receiver.url, ", retry: [5s], timeout: 1h"), { clock, random: () => 0 });
      await postCreated(bridge);
      await receiver.got(1);
      await until(async () => {
        await clock.advance(1_000);
        return receiver.deliveries.length > 1;
      }, "the event was sent twice");
      const [first, second] = receiver.deliveries;
      expect(second?.headers["webhook-id"]).to.equal(first?.headers["webhook-id"]);
    });

    it("sends the recorded part of a batch before a fault, of a post and of a reprocess", async () => {
      const receiver = await startReceiver();
      const store = aStore();
      /** The number of slices after the first that the store still records. */
      let writesLeft = 0;
      const amend: Store["amend"] = async (request) => {
        if (writesLeft === 0) throw new CountersignError("store_unavailable", "the disk is full");
        writesLeft -= 1;
        return store.amend(request);
      };
      const bridge = await start(crm(receiver.url), { store: { ...store, amend } });
      expect((await bridge.post(BATCH, batch(620), FORM)).status).to.equal(503);
      await receiver.got(250);
      writesLeft = 2;
      expect(await bridge.reprocess({ which: "problems" })).to.include({ error: "store_unavailable" });
      await receiver.got(500);
      writesLeft = 3;
      expect(await bridge.reprocess({ which: "problems" })).to.include({ fixed: 1, events: 120 });
      const deliveries = await receiver.got(620);
      expect(new Set(deliveries.map(({ headers }) => headers["webhook-id"])).size).to.equal(620);
    });

    it("sends a refused request's events, once reprocessed after a reload with its secret", async () => {
      const receiver = await startReceiver();
      const [right, folder] = [crm(receiver.url), aFolder()];
      const load = () => parseConfig(right, join(folder, "countersign.yaml"), {});
      const bridge = await start(right.replace(LUMIN_KEY, "another"), { folder, load });
      expect((await postCreated(bridge)).status).to.equal(401);
      await bridge.reload();
      expect(await bridge.reprocess({ which: "rejected" })).to.include({ fixed: 1, events: 1 });
      await receiver.got(1);
    });

    it("asks for a restart and is not ready once a worker has died", async () => {
      const delivery = Object.defineProperty({ id: "dlv_x" }, "attempts", {
        get() {
          throw new TypeError("broken");
        },
      });
      const store = aStore({ claim: async () => [Object.assign(Object.create(null), { delivery })] });
      const bridge = await start(crm(NOWHERE), { store });
      expect(await bridge.died).to.equal("died");
      const { status, body } = await bridge.admin("/readyz");
      expect([status, body.checks.dispatcher]).to.deep.equal([503, "crm died"]);
    });

    it("asks for a restart and is not ready once pruning has died", async () => {
      const clock = createManualClock(Date.UTC(2026, 0, 1));
      const store = aStore({ prune: () => Promise.reject(new TypeError("broken")) });
      const bridge = await start(crm(NOWHERE), { clock, store });
      await settled();
      expect(await bridge.died).to.equal("died");
      const { status, body } = await bridge.admin("/readyz");
      expect([status, body.checks.retention]).to.deep.equal([503, "pruning died"]);
    });
  });
}
