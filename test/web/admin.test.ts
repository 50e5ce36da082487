import { expect } from "chai";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { configText, FORM, SECRET, signedByLumin, startBridge, TOKEN, tidy } from "../support/bridge.ts";
import { until } from "../support/until.ts";

const ADMIN_TOKEN = "an-admin-token-of-some-length";
const withToken = configText().replace("admin: { port: 0 }", `admin: { port: 0, token: ${ADMIN_TOKEN} }`);
const created = (id: string) =>
  JSON.stringify({
    event: { event_type: "signature_request_created", event_time: 1_700_000_000_000 },
    signature_request: { signature_request_id: id },
  });

describe("the admin listener", () => {
  afterEach(tidy);

  it("refuses every request without the token, and shows no data", async () => {
    const bridge = await startBridge(withToken);
    for (const authorization of ["", "Bearer", "Bearer wrong", `Basic ${ADMIN_TOKEN}`, ADMIN_TOKEN]) {
      const answer = await bridge.admin("/api/v1/events", { authorization });
      expect(answer.status, authorization).to.equal(401);
      expect(answer.headers.get("www-authenticate")).to.equal("Bearer");
      expect(answer.body.error).to.equal("unauthorized");
    }
    expect(
      (await bridge.admin("/api/v1/events", { authorization: `Bearer ${ADMIN_TOKEN}` })).status,
    ).to.equal(200);
  });

  it("shows health and metrics without a token", async () => {
    const bridge = await startBridge(withToken);
    for (const path of ["/livez", "/readyz", "/metrics"])
      expect((await bridge.admin(path)).status, path).to.equal(200);
  });

  it("is ready while the store can be written to, and names the fault while it cannot", async () => {
    const real = openSqliteStore({ file: ":memory:", token: () => "token" });
    let broken = false;
    const probe = async () => {
      if (broken) throw new Error("the disk is full");
    };
    const bridge = await startBridge(configText(), { store: { ...real, probe } });
    expect((await bridge.admin("/readyz")).body).to.deep.equal({
      status: "ok",
      checks: { running: "ok", store: "ok", dispatcher: "ok", retention: "ok" },
    });
    broken = true;
    const answer = await bridge.admin("/readyz");
    expect(answer.status).to.equal(503);
    expect(answer.body.checks.store).to.equal("unavailable");
    expect((await bridge.admin("/livez")).status).to.equal(200);
  });

  it("pages through events with a cursor", async () => {
    const bridge = await startBridge();
    for (const id of ["a", "b", "c"])
      await bridge.post("/in/lumin/account", created(id), signedByLumin(created(id)));
    const first = (await bridge.admin("/api/v1/events?limit=2")).body;
    const second = (await bridge.admin(`/api/v1/events?limit=2&cursor=${first.next}`)).body;
    const ids = [...first.items, ...second.items].map(({ document }) => document.id);
    expect(ids).to.deep.equal(["c", "b", "a"]);
    expect(second.next).to.equal(null);
    const filtered = (await bridge.admin("/api/v1/events?document=b&type=document.created&source=lumin"))
      .body;
    expect(filtered.items).to.have.length(1);
  });

  it("names the fault of an invalid query", async () => {
    const bridge = await startBridge();
    for (const query of ["limit=0", "limit=x", "limit=1001", "cursor=!!", "typ=document.sent"]) {
      const answer = await bridge.admin(`/api/v1/events?${query}`);
      expect([answer.status, answer.body.error], query).to.deep.equal([400, "bad_request"]);
      expect(answer.body.message, query).to.match(/limit|cursor|typ/);
    }
  });

  it("shows an event's whole history: receipt, duplicates, deliveries and attempts", async () => {
    const bridge = await startBridge(
      configText(`destinations: { crm: { url: "http://127.0.0.1:1/", secrets: ["${SECRET}"] } }`),
    );
    const body = "uuid=d1&event=100";
    await bridge.post(`/in/legalesign/upon?token=${TOKEN}`, body, FORM);
    await bridge.post(`/in/legalesign/upon?token=${TOKEN}`, body, FORM);
    const [{ id }] = (await bridge.admin("/api/v1/events?order=oldest")).body.items;
    const history = await until(async () => {
      const { body } = await bridge.admin(`/api/v1/events/${id}`);
      return body.deliveries[0].attempts > 0 && body;
    }, "an attempt is recorded");
    expect(history.event.id).to.equal(id);
    expect(history.receipt).to.include({ channel: "upon", verified: "token" });
    expect(history.duplicates).to.have.length(1);
    expect(history.deliveries[0]).to.include({ destination: "crm", status: "pending" });
    expect(history.deliveries[0].history[0]).to.include({ number: 1, cause: "refused", status: null });
  });

  it("answers 404 for unknown ids and routes", async () => {
    const bridge = await startBridge();
    for (const path of ["/api/v1/events/evt_no", "/api/v1/receipts/rcp_no", "/api/v1/nothing", "/nothing"]) {
      const answer = await bridge.admin(path);
      expect([answer.status, answer.body.error], path).to.deep.equal([404, "not_found"]);
    }
  });

  it("counts events, starting every known series at 0", async () => {
    const bridge = await startBridge();
    const lines = async () => (await bridge.admin("/metrics")).body as string;
    const series = 'countersign_ingress_requests_total{source="lumin",channel="account",outcome="accepted"}';
    expect(await lines())
      .to.include(`${series} 0`)
      .and.include("countersign_build_info{version=");
    await bridge.post("/in/lumin/account", created("a"), signedByLumin(created("a")));
    await bridge.post("/in/lumin/account", created("a"), signedByLumin(created("a")));
    const text = await lines();
    expect(text).to.include(`${series} 2`);
    expect(text).to.include('countersign_events_total{source="lumin",type="document.created"} 1');
    expect(text).to.include('countersign_ingress_duplicates_total{source="lumin",kind="duplicates"} 1');
  });
});

describe("a long body of a receipt", () => {
  afterEach(tidy);

  it("is returned byte for byte", async () => {
    const bridge = await startBridge();
    const body = Buffer.alloc(4 * 2 ** 20 + 1, "{ not json }");
    const { receipt } = (await bridge.post("/in/lumin/account", body, signedByLumin(body))).body;
    const shown = (await bridge.admin(`/api/v1/receipts/${receipt}`)).body;
    expect(Buffer.compare(Buffer.from(shown.body, "base64"), body)).to.equal(0);
    expect(shown).to.include({ id: receipt, size: body.length });
  });
});
