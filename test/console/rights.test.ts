import type Router from "@koa/router";
import { expect } from "chai";
import { createConsole } from "../../src/console/console.ts";
import type { ConsoleParts } from "../../src/console/parts.ts";
import type { Store } from "../../src/store/store.ts";
import { type AdminParts, createAdmin } from "../../src/web/admin.ts";
import { configText, startBridge, tidy } from "../support/bridge.ts";
import { createManualClock } from "../support/clock.ts";
import { ACT, LOOK, SINGLE, startConsole, visit, withTokens } from "./visitor.ts";

/** Every route of the console and of the admin API, as their routers list them. */
function routesOf(): { method: string; path: string }[] {
  const parts = {
    ...{ tokens: () => [], clock: createManualClock(0), store: {} as Store },
    randomBytes: (length: number) => Buffer.alloc(length),
  } as unknown as ConsoleParts;
  const { routers } = createConsole(parts);
  const api = createAdmin({ hosts: null } as AdminParts).middleware.flatMap(
    (layer) => (layer as { router?: Router }).router ?? [],
  );
  return [...routers, ...api].flatMap(({ stack }) =>
    stack.flatMap(({ methods, path }) =>
      methods.filter((method) => method !== "HEAD").map((method) => ({ method, path: String(path) })),
    ),
  );
}

const filled = (path: string) => path.replaceAll(/:\w+/g, "crm");
/** They change the visitor's own session, and nothing else. */
const OF_SESSION = ["/sign-in", "/sign-out", "/personal-data/hide"];
const OPEN = ["/livez", "/readyz", "/metrics", "/sign-in"];

const routes = routesOf();
const changing = routes.filter(({ method, path }) => method !== "GET" && !OF_SESSION.includes(path));
const pages = routes.filter(
  ({ method, path }) => method === "GET" && !path.startsWith("/api/") && !OPEN.includes(path),
);

describe("the rights of tokens", () => {
  afterEach(tidy);

  it("are about these routes, among others", () => {
    expect(changing.map(({ path }) => path)).to.include.members([
      "/replay",
      "/personal-data/show",
      "/api/v1/replays",
      "/api/v1/destinations/:name/pause",
    ]);
    expect(pages.map(({ path }) => path)).to.include.members(["/", "/documents", "/events/:id"]);
  });

  it("refuse each changing route to one who may look", async () => {
    const { bridge } = await startConsole();
    const visitor = visit(bridge);
    await visitor.signIn(LOOK);
    for (const { method, path } of changing) {
      const isApi = path.startsWith("/api/");
      const answer = isApi
        ? await fetch(`${bridge.adminUrl}${filled(path)}`, {
            method,
            body: JSON.stringify({ reason: "a test" }),
            headers: { authorization: `Bearer ${LOOK}`, "content-type": "application/json" },
          })
        : await visitor.post(filled(path), { reason: "a test" });
      expect(answer.status, `${method} ${path}`).to.equal(403);
    }
    expect(
      (await bridge.admin("/api/v1/audit", { authorization: `Bearer ${ACT}` })).body.items,
    ).to.have.length(0);
  });

  it("let one who may look see each page", async () => {
    const { bridge } = await startConsole();
    const visitor = visit(bridge);
    await visitor.signIn(LOOK);
    for (const path of ["/", "/documents", "/events", "/personal-data"])
      expect((await visitor.get(path)).status, path).to.equal(200);
    const answer = await bridge.admin("/api/v1/events", { authorization: `Bearer ${LOOK}` });
    expect(answer.status).to.equal(200);
  });

  it("show the page to sign in to one without a session, on every page and for every form", async () => {
    const bridge = await startBridge(withTokens());
    for (const { method, path } of [...pages, ...changing.filter(({ path }) => !path.startsWith("/api/"))]) {
      const visitor = visit(bridge);
      const answer =
        method === "GET"
          ? await visitor.get(filled(path))
          : await visitor.post(filled(path), { reason: "x" });
      expect(answer.status, `${method} ${path}`).to.equal(401);
      expect(answer.html, `${method} ${path}`).to.include('action="/sign-in"').and.include('name="token"');
    }
  });

  it("refuse each form of the console that another site sends, also in a session that may act", async () => {
    const { visitor } = await startConsole();
    const origins = [
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
      { origin: "http://evil.example" },
      { origin: "null" },
      {},
    ];
    const posts = routes.filter(({ method, path }) => method === "POST" && !path.startsWith("/api/"));
    for (const { path } of posts.filter((one) => one.path !== "/sign-in"))
      for (const origin of origins) {
        const answer = await visitor.post(filled(path), { reason: "a test" }, origin);
        expect(answer.status, `${path} ${JSON.stringify(origin)}`).to.equal(403);
      }
    expect((await visitor.get("/")).status).to.equal(200);
  });

  it("let a form in whose Origin is this listener, where the browser says no more", async () => {
    const { bridge, visitor } = await startConsole();
    const answer = await visitor.post(
      "/personal-data/hide",
      { back: "/events" },
      { origin: bridge.adminUrl },
    );
    expect([answer.status, answer.headers.get("location")]).to.deep.equal([303, "/events"]);
  });

  it("refuse a call of the API from a web page of another origin", async () => {
    const bridge = await startBridge();
    const call = (headers: Record<string, string>) =>
      fetch(`${bridge.adminUrl}/api/v1/reprocess`, {
        method: "POST",
        body: JSON.stringify({ reason: "a test" }),
        headers: { "content-type": "application/json", ...headers },
      });
    expect((await call({ "sec-fetch-site": "cross-site" })).status).to.equal(403);
    expect((await call({ origin: "http://evil.example" })).status).to.equal(403);
    expect((await call({})).status).to.equal(200);
  });

  it("need a reason for each change in the console", async () => {
    const { visitor } = await startConsole();
    for (const { path } of changing.filter(({ path }) => !path.startsWith("/api/")))
      for (const fields of [{}, { reason: "  " }, { reason: "x".repeat(501) }] as Record<string, string>[]) {
        const answer = await visitor.post(filled(path), fields);
        expect(answer.status, path).to.equal(400);
        expect(answer.text, path).to.match(/[Rr]eason: must (say why|have at most 500)/);
      }
  });

  it("are named in the audit with the address", async () => {
    const { bridge } = await startConsole();
    for (const token of [ACT, SINGLE]) {
      const body = JSON.stringify({ reason: "a test" });
      const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
      await fetch(`${bridge.adminUrl}/api/v1/reprocess`, { method: "POST", body, headers });
    }
    const audit = await bridge.admin("/api/v1/audit", { authorization: `Bearer ${LOOK}` });
    const callers = audit.body.items.map(({ caller }: { caller: string }) => caller);
    expect(callers).to.deep.equal(["admin at 127.0.0.1", "ada at 127.0.0.1"]);
  });

  it("are not asked for where the configuration has no token", async () => {
    const bridge = await startBridge(configText());
    const page = await visit(bridge).get("/");
    expect([page.status, page.text.includes("Sign out")]).to.deep.equal([200, false]);
  });
});
