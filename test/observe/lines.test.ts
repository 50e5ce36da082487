import { join } from "node:path";
import { expect } from "chai";
import { pino } from "pino";
import { parseConfig } from "../../src/config.ts";
import { CountersignError } from "../../src/domain/errors.ts";
import type { LogEvent } from "../../src/log/event.ts";
import { LOG_EVENTS } from "../../src/log/log.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import type { Store } from "../../src/store/store.ts";
import {
  aFolder,
  type Bridge,
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
import { createManualClock } from "../support/clock.ts";
import { until } from "../support/until.ts";

/** A bridge with and without faults, and every line that it logs. */

const EVENTS: ReadonlyMap<string, LogEvent> = new Map(Object.entries(LOG_EVENTS));
const OWN = ["level", "time", "pid", "hostname", "event", "msg"];

/** Part of bodies, queries and URLs of destinations; no line may hold it. */
const HIDDEN = "planted-text";
const HIDDEN_TEXTS = [HIDDEN, TOKEN, LUMIN_KEY, SECRET, "/hook"];

const text = (crm: string, erp: string) =>
  `${configText(`destinations:
  crm: { url: "${crm}?key=${HIDDEN}", secrets: ["${SECRET}"], retry: [5s], timeout: 1h, breaker: { failures: 1 } }
  erp: { url: "${erp}?key=${HIDDEN}", secrets: ["${SECRET}"] }`)}\nshutdown: 0s\n`;

const created = (id: string) =>
  JSON.stringify({
    event: { event_type: "signature_request_created", event_time: 1_700_000_000_000 },
    signature_request: { signature_request_id: id, title: HIDDEN },
  });
const post = (bridge: Bridge, id: string, headers = signedByLumin(created(id))) =>
  bridge.post("/in/lumin/account", created(id), headers);
const change = async (bridge: Bridge, path: string) => {
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify({ reason: "a test" });
  return (await fetch(`${bridge.adminUrl}/api/v1/${path}`, { method: "POST", headers, body })).status;
};

/** A real store that can be made to fail. */
function aStore(): Store & { away: boolean } {
  const store = openSqliteStore({ file: join(aFolder(), "countersign.db"), token: () => "token" });
  const failing = {
    ...store,
    away: false,
    record: (...given: Parameters<Store["record"]>) => (failing.away ? gone() : store.record(...given)),
    probe: () => (failing.away ? gone() : store.probe()),
  };
  return failing;
}

const gone = () => Promise.reject(new CountersignError("store_unavailable", "the database is away"));

describe("the lines of a bridge", () => {
  afterEach(tidy);

  it("are those of docs/logs.md, and hold no secret, body, token or URL of a destination", async () => {
    const lines: Record<string, unknown>[] = [];
    const logger = pino({ level: "trace" }, { write: (line) => void lines.push(JSON.parse(line)) });
    const logged = (event: string, count = 1) => lines.filter((line) => line.event === event).length >= count;
    const clock = createManualClock(Date.UTC(2026, 0, 1));
    const [crm, erp] = [
      await startReceiver((nth) => (nth === 1 ? 500 : 200)),
      await startReceiver(() => 410),
    ];
    const [folder, store] = [aFolder(), aStore()];
    let file = text(crm.url, erp.url);
    const load = () => parseConfig(file, join(folder, "countersign.yaml"), {});
    const bridge = await startBridge(file, { folder, store, load, logger, clock, random: () => 0 });
    /** The clock moves on meanwhile, far slower than an attempt's time limit. */
    const untilLogged = (event: string) =>
      until(async () => {
        await clock.advance(1_000);
        return logged(event);
      }, `${event} was logged`);

    await post(bridge, "r1");
    await untilLogged("breaker.closed");
    await untilLogged("destination.paused");
    await post(bridge, "r2", signedByLumin("", "forged"));
    await bridge.post(`/in/legalesign/batch?token=${HIDDEN}`, `data=${HIDDEN}`, FORM);
    await bridge.post(`/in/legalesign/batch?token=${TOKEN}`, `data=${HIDDEN}`, FORM);
    await bridge.post(`/in/${HIDDEN}/${HIDDEN}?token=${TOKEN}`, HIDDEN);

    await post(bridge, "r3");
    const { items } = (await bridge.admin("/api/v1/deliveries?order=oldest&destination=erp&status=pending"))
      .body;
    expect(await change(bridge, `deliveries/${items[0]?.id}/skip`)).to.equal(200);
    expect(await change(bridge, "destinations/erp/resume")).to.equal(200);

    expect(await change(bridge, "reload")).to.equal(200);
    file = `${file}\nretentoin: {}`;
    expect(await change(bridge, "reload")).to.equal(400);

    store.away = true;
    expect((await post(bridge, "r4")).status).to.equal(503);
    expect((await bridge.admin("/readyz")).status).to.equal(503);
    await bridge.stop();

    for (const line of lines) {
      const shown = JSON.stringify(line);
      const known = EVENTS.get(String(line.event));
      if (!known) throw new Error(`no event of the log: ${shown}`);
      const { level, message, fields } = known;
      expect(line, shown).to.include({ msg: message, level: pino.levels.values[level] });
      expect([...OWN, ...fields], shown).to.include.members(Object.keys(line));
      for (const hidden of HIDDEN_TEXTS) expect(shown).not.to.include(hidden);
    }
    const seen = [
      ...["process.ready", "process.stopping", "process.stopped"],
      ...["request.recorded", "request.partly_read", "request.refused", "request.failed"],
      ...["delivery.failed", "delivery.delivered", "delivery.parked", "delivery.skipped"],
      ...["breaker.opened", "breaker.closed", "destination.paused", "destination.resumed"],
      ...["config.reloaded", "config.refused", "store.unavailable"],
    ];
    expect(lines.map(({ event }) => event)).to.include.members(seen);
  });
});
