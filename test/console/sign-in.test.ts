import { request } from "node:http";
import { join } from "node:path";
import { expect } from "chai";
import { parseConfig } from "../../src/config.ts";
import { aFolder, configText, startBridge, tidy } from "../support/bridge.ts";
import { createManualClock } from "../support/clock.ts";
import { ACT, LOOK, startConsole, visit, withTokens } from "./visitor.ts";

const HOUR = 3_600_000;

describe("signing in to the console", () => {
  afterEach(tidy);

  it("gives a session cookie that scripts and other sites do not get, and goes to the page asked for", async () => {
    const bridge = await startBridge(withTokens());
    const answer = await visit(bridge).post("/sign-in", { token: ACT, to: "/events?type=document.sent" });
    expect([answer.status, answer.headers.get("location")]).to.deep.equal([
      303,
      "/events?type=document.sent",
    ]);
    const [cookie = ""] = answer.headers.getSetCookie();
    expect(cookie)
      .to.match(/; path=\/;/i)
      .and.match(/; samesite=strict/i)
      .and.match(/; httponly/i);
    expect(cookie).not.to.match(/secure/i);
    expect(cookie).not.to.include(ACT);
  });

  it("marks the cookie as secure behind a proxy that speaks TLS, where proxies are believed", async () => {
    const cookieOf = async (text: string) => {
      const bridge = await startBridge(text);
      const headers = { "sec-fetch-site": "same-origin", "x-forwarded-proto": "https" };
      return (await visit(bridge).post("/sign-in", { token: ACT }, headers)).headers.getSetCookie()[0] ?? "";
    };
    expect(await cookieOf(withTokens().replace("port: 0, token", "port: 0, proxied: true, token"))).to.match(
      /; secure/i,
    );
    expect(await cookieOf(withTokens())).not.to.match(/; secure/i);
  });

  it("refuses a wrong token, and says what to do", async () => {
    const bridge = await startBridge(withTokens());
    for (const token of ["", "wrong", `${ACT}x`, ACT.slice(1), "\0"]) {
      const visitor = visit(bridge);
      const answer = await visitor.post("/sign-in", { token });
      expect(answer.status, token).to.equal(401);
      expect(answer.text).to.include("No token of this bridge is that one");
      expect(visitor.cookie).to.equal(null);
    }
  });

  it("goes nowhere else than to a page of its own", async () => {
    const bridge = await startBridge(withTokens());
    for (const to of [
      "https://evil.example",
      "//evil.example",
      "/\\evil.example",
      "javascript:alert(1)",
      "",
      "x",
    ]) {
      const answer = await visit(bridge).post("/sign-in", { token: ACT, to });
      expect(answer.headers.get("location"), to).to.equal("/");
    }
  });

  it("waits after ten wrong tokens from one address, also with the right one, and not for ever", async () => {
    const clock = createManualClock(Date.UTC(2026, 0, 1));
    const bridge = await startBridge(withTokens(), { clock });
    for (let nth = 1; nth <= 10; nth += 1)
      expect((await visit(bridge).signIn(`wrong ${nth}`)).status, `${nth}`).to.equal(401);
    const late = await visit(bridge).signIn(ACT);
    expect([late.status, late.headers.get("retry-after")]).to.deep.equal([429, "300"]);
    expect(late.text).to.include("try again in 5m");
    await clock.advance(5 * 60_000);
    expect((await visit(bridge).signIn(ACT)).status).to.equal(303);
  });

  it("ends with signing out", async () => {
    const { bridge, visitor } = await startConsole();
    const { cookie } = visitor;
    expect((await visitor.post("/sign-out", {})).status).to.equal(303);
    const again = visit(bridge);
    again.cookie = cookie;
    expect((await again.get("/")).status).to.equal(401);
  });

  it("ends when a reload takes the token away, and goes on with the right that it has then", async () => {
    const folder = aFolder();
    let text = withTokens();
    const load = () => parseConfig(text, join(folder, "countersign.yaml"), {});
    const bridge = await startBridge(text, { folder, load });
    const [ada, board] = [visit(bridge), visit(bridge)];
    await ada.signIn(ACT);
    await board.signIn(LOOK);
    text = text.replace(`token: ${ACT}, right: act`, "token: another-token-of-ada-now, right: act");
    text = text.replace(`token: ${LOOK} }`, `token: ${LOOK}, right: act }`);
    await bridge.reload();
    expect((await ada.get("/")).status).to.equal(401);
    expect((await ada.signIn(ACT)).status).to.equal(401);
    expect((await board.post("/personal-data/show", { back: "/", reason: "a test" })).status).to.equal(303);
  });

  it("ends after four hours without use, and after twelve in any case, and says so", async () => {
    const clock = createManualClock(Date.UTC(2026, 0, 1));
    const bridge = await startBridge(withTokens(), { clock });
    const [idle, busy] = [visit(bridge), visit(bridge)];
    await idle.signIn(ACT);
    await busy.signIn(LOOK);
    for (let hours = 3; hours <= 12; hours += 3) {
      await clock.advance(3 * HOUR);
      expect((await busy.get("/")).status, `${hours} hours`).to.equal(200);
    }
    const gone = await idle.get("/documents?status=sent");
    expect(gone.status).to.equal(401);
    expect(gone.text).to.include("Your session has expired");
    expect(gone.html).to.include('name="to" value="/documents?status=sent"');
    await clock.advance(1);
    expect((await busy.get("/")).status).to.equal(401);
  });

  it("asks the browser once more where a link of another site led here, since it kept the cookie back", async () => {
    const bridge = await startBridge(withTokens());
    const linked = await visit(bridge).get("/events", { "sec-fetch-site": "cross-site" });
    expect(linked.html).to.include('<meta http-equiv="refresh" content="0">');
    const typed = await visit(bridge).get("/events", { "sec-fetch-site": "same-origin" });
    expect(typed.html).not.to.include("http-equiv");
  });

  it("is refused under a name that is not configured (DNS rebinding)", async () => {
    const text = configText().replace("admin: { port: 0 }", "admin: { port: 0, hosts: [bridge.internal] }");
    const bridge = await startBridge(text);
    const statusFor = (host: string) =>
      new Promise<number | undefined>((resolve, reject) => {
        request(bridge.adminUrl, { headers: { host } }, (response) => {
          response.resume();
          resolve(response.statusCode);
        })
          .on("error", reject)
          .end();
      });
    expect(await statusFor("evil.example")).to.equal(421);
    for (const host of ["bridge.internal", "localhost:8081", "127.0.0.1", "[::1]:8081"])
      expect(await statusFor(host), host).to.equal(200);
  });
});
