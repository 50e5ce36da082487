import { expect } from "chai";
import { startBridge, tidy } from "../support/bridge.ts";
import { EVIL } from "./filled-bridge.ts";
import { ACT, LOOK, startConsole, type Visitor, visit, withTokens } from "./visitor.ts";

const VIEW = { path: "/documents", query: "stuck=7d", name: "Forgotten?", reason: "for Mondays" };

/** The addresses of the saved views that a page links to, with their names. */
async function viewsOn(visitor: Visitor, path: string) {
  const { html } = await visitor.get(path);
  const [, list = ""] = /<nav aria-label="Saved views">(.*?)<\/nav>/s.exec(html) ?? [];
  const links = [...list.matchAll(/<a href="([^"]*)"([^>]*)><bdi>(.*?)<\/bdi>/g)];
  return links.map(([, href, current, name]) => [name, href, current?.includes("aria-current") ?? false]);
}

describe("the saved views of the console", () => {
  afterEach(tidy);

  it("are offered where a list is filtered, to those who may act", async () => {
    const { bridge, visitor } = await startConsole();
    expect((await visitor.get("/documents?stuck=7d")).text).to.include("Save this view");
    expect((await visitor.get("/documents")).text).not.to.include("Save this view");
    const looking = visit(bridge);
    await looking.signIn(LOOK);
    expect((await looking.get("/documents?stuck=7d")).text).not.to.include("Save this view");
  });

  it("are shown to everybody on their list, also after a restart, and say which one is open", async () => {
    const { bridge, visitor } = await startConsole();
    const saved = await visitor.post("/views", VIEW);
    const page = await visitor.get(saved.headers.get("location") ?? "");
    expect(page.text).to.include("The view “Forgotten?” is saved").and.not.include("Save this view");
    await bridge.stop();
    const again = visit(await startBridge(withTokens(), { folder: bridge.folder }));
    await again.signIn(LOOK);
    expect(await viewsOn(again, "/documents")).to.deep.equal([["Forgotten?", "/documents?stuck=7d", false]]);
    expect(await viewsOn(again, "/documents?stuck=7d")).to.deep.equal([
      ["Forgotten?", "/documents?stuck=7d", true],
    ]);
    expect(await viewsOn(again, "/events")).to.deep.equal([]);
    expect((await again.get("/views")).text)
      .to.include("1 view of lists has a name")
      .and.match(/ada at /);
  });

  it("are on every list, without the place in it", async () => {
    const { visitor } = await startConsole();
    for (const path of ["/documents", "/events", "/deliveries", "/requests", "/requests/refused", "/audit"]) {
      expect((await visitor.get(`${path}?since=1d`)).text, path).to.include("Save this view");
      await visitor.post("/views", { ...VIEW, path, query: "since=1d&cursor=n.1" });
      expect(await viewsOn(visitor, path)).to.deep.equal([["Forgotten?", `${path}?since=1d`, false]]);
    }
  });

  it("are replaced under the same name, and removed with a reason, which the audit keeps", async () => {
    const { bridge, visitor } = await startConsole();
    await visitor.post("/views", VIEW);
    await visitor.post("/views", { ...VIEW, query: "stuck=30d" });
    expect(await viewsOn(visitor, "/documents")).to.deep.equal([
      ["Forgotten?", "/documents?stuck=30d", false],
    ]);
    const { path, name } = VIEW;
    expect((await visitor.post("/views/remove", { path, name })).status).to.equal(400);
    const removed = await visitor.post("/views/remove", { path, name, reason: "nobody looks" });
    expect((await visitor.get(removed.headers.get("location") ?? "")).text).to.include("No view is saved");
    expect((await visitor.post("/views/remove", { path, name, reason: "again" })).status).to.equal(404);
    const { body } = await bridge.admin("/api/v1/audit", { authorization: `Bearer ${ACT}` });
    const details = { list: "/documents", view: "Forgotten?" };
    expect(body.items[0]).to.deep.include({ action: "remove-view", reason: "nobody looks", details });
    expect(body.items[1]).to.deep.include({ action: "save-view", reason: "for Mondays", details });
  });

  it("are refused with what would be right", async () => {
    const { visitor } = await startConsole();
    const cases: [Partial<typeof VIEW>, number, RegExp][] = [
      [{ path: "/elsewhere" }, 400, /must be one of \/documents, /],
      [{ path: "//evil.example" }, 400, /must be one of \/documents, /],
      [{ name: "  " }, 400, /must have 1 to 60 characters/],
      [{ name: "x".repeat(61) }, 400, /must have 1 to 60 characters/],
      [{ query: "" }, 400, /must be the filters of an address/],
      [{ query: "x".repeat(501) }, 400, /of at most 500 characters/],
      [{ query: "search=grace%40example.com" }, 400, /a view is for everybody/],
      [{ query: "search=grace@example.com" }, 400, /a view is for everybody/],
      [{ reason: "" }, 400, /Reason/i],
    ];
    for (const [change, status, words] of cases) {
      const answer = await visitor.post("/views", { ...VIEW, ...change });
      expect(answer.status, JSON.stringify(change)).to.equal(status);
      expect(answer.text, JSON.stringify(change)).to.match(words);
    }
    for (let n = 0; n < 30; n += 1) await visitor.post("/views", { ...VIEW, name: `View ${n}` });
    expect((await visitor.post("/views", VIEW)).text).to.include("has 30 saved views");
    expect((await visitor.post("/views", { ...VIEW, name: "View 7" })).status).to.equal(303);
  });

  it("show a name and a query that are markup as text", async () => {
    const { visitor } = await startConsole();
    await visitor.post("/views", { ...VIEW, name: EVIL, query: `search="><img src=x>` });
    for (const path of ["/documents", "/views"]) {
      const { html, text } = await visitor.get(path);
      expect(html, path).not.to.include("<img");
      expect(text, path).to.include(EVIL);
    }
  });
});
