import { readFileSync } from "node:fs";
import { expect } from "chai";
import type { Browser, Page } from "playwright-core";
import { SCREENS as ALL } from "../../src/console/screens.ts";
import { signedByLumin, tidy } from "../support/bridge.ts";
import { until } from "../support/until.ts";
import { becomes, CHROMIUM, IN_A_BROWSER, launch, open, violations } from "./browser.ts";
import { EVIL, type Filled, filledBridge, luminPost, PERSON } from "./filled-bridge.ts";
import { ACT, visit } from "./visitor.ts";

/** A bridge on which somebody has done something, too. */
interface Used extends Filled {
  /** Addresses of pages. */
  pages: { delivery: string; job: string; test: string };
}

/** Every screen, by what is asked of it. The page of a parity report has a file of its own. */
const SCREENS: Readonly<Record<string, (filled: Used) => string>> = {
  now: () => "/",
  "taking care": () => "/concern?id=parked:erp/rejected",
  documents: () => "/documents",
  "documents, of which none matches": () => "/documents?search=nothing-like-it",
  document: ({ documents }) => `/document?source=lumin&id=${documents.evil}`,
  events: () => "/events",
  event: ({ event }) => `/events/${event}`,
  replay: ({ documents }) => `/replay?destination=erp&document=${documents.evil}`,
  requests: () => "/requests",
  "refused requests": () => "/requests/refused",
  "requests, of which none matches": () => "/requests/refused?reason=nothing-like-it",
  request: ({ requests }) => `/requests/${requests.genuine}`,
  "request as a fixture": ({ requests }) => `/requests/${requests.genuine}/fixture`,
  "refused request": ({ requests }) => `/requests/${requests.refused}`,
  "request to process again": ({ requests }) => `/requests/${requests.genuine}/reprocess`,
  "requests to process again": () => "/reprocess?which=rejected",
  bench: ({ requests }) => `/bench?request=${requests.genuine}&edit=present`,
  "days on the bench": () => "/bench/diff?source=lumin&edit=present",
  "words on the bench": () => "/bench/words?source=legalesign",
  deliveries: () => "/deliveries",
  "parked deliveries": () => "/deliveries?status=parked",
  "acknowledged deliveries": () => "/deliveries?acknowledged=true",
  delivery: ({ pages }) => pages.delivery,
  acknowledge: () => "/acknowledge?destination=erp",
  destinations: () => "/destinations",
  destination: () => "/destinations/crm",
  "test of a destination": ({ pages }) => pages.test,
  jobs: () => "/jobs",
  job: ({ pages }) => pages.job,
  "saved views": () => "/views",
  "a saved view": () => "/documents?status=sent",
  "a view to save": () => "/documents?source=lumin",
  parity: () => "/parity",
  audit: () => "/audit",
  configuration: () => "/configuration?all=1",
  "configuration on disk": () => "/configuration?check=1",
  "personal data": () => "/personal-data?back=/documents",
  "an unknown page": () => "/events/evt_unknown",
  "a bad cursor": () => "/documents?cursor=!!",
};

async function usedBridge(): Promise<Used> {
  const filled = await filledBridge();
  const visitor = visit(filled.bridge);
  await visitor.signIn(ACT);
  const done = async (path: string, fields: Record<string, string>) =>
    (await visitor.post(path, { ...fields, reason: "a try" })).headers.get("location")?.split("?")[0] ?? "";
  await done("/views", { path: "/documents", query: "status=sent", name: "On the way" });
  const test = await done("/destinations/crm/test", {});
  await done("/reprocess", { which: "rejected" });
  const job = /href="(\/jobs\/[^"]+)"/.exec((await visitor.get("/jobs")).html)?.[1] ?? "";
  const [, delivery = ""] =
    /href="(\/deliveries\/[^"]+)"/.exec((await visitor.get("/deliveries")).html) ?? [];
  return { ...filled, pages: { delivery, job, test } };
}

describe("the screens that a browser looks at", () => {
  it("are all that the console has", () => {
    const filled = { documents: {}, requests: { genuine: "rcp_1", refused: "rej_1" }, event: "evt_1" };
    const pages = { delivery: "/deliveries/dlv_1", job: "/jobs/1", test: "/destinations/crm/tests/evt_1" };
    const looked = Object.values(SCREENS).map(
      (path) => path({ ...filled, pages } as unknown as Used).split("?")[0],
    );
    const missing = ALL.map(({ path }) => path).filter((path) => {
      const pattern = new RegExp(`^${path.replaceAll(/:\w+/g, "[^/]+")}$`);
      return !looked.some((one = "") => pattern.test(one));
    });
    expect(missing).to.deep.equal(["/parity/:id"]);
  });
});

describe(`the console ${IN_A_BROWSER}`, () => {
  let browser: Browser;
  let filled: Used;
  before(async function () {
    if (CHROMIUM === null) return this.skip();
    browser = await launch();
    filled = await usedBridge();
  });
  after(async () => {
    await browser?.close();
    await tidy();
  });

  for (const script of [true, false])
    for (const scheme of ["light", "dark"] as const)
      describe(`has nothing that axe objects to, ${scheme}, with${script ? "" : "out"} a script:`, () => {
        let page: Page;
        let faults: string[];
        before(async () => {
          const { adminUrl } = filled.bridge;
          ({ page, faults } = await open(browser, adminUrl, { scheme, withoutOurs: !script }));
        });
        after(() => page.context().close());

        for (const [name, path] of Object.entries(SCREENS))
          it(name, async () => {
            await page.goto(path(filled));
            expect(await violations(page)).to.deep.equal([]);
            // The browser reports that pages were answered with 400 and 404, and that scripts did not load.
            expect(faults.filter((text) => !/40[04]|ERR_FAILED/.test(text))).to.deep.equal([]);
          });
      });

  it("has a page to sign in that axe does not object to", async () => {
    for (const scheme of ["light", "dark"] as const) {
      const context = await browser.newContext({ baseURL: filled.bridge.adminUrl, colorScheme: scheme });
      const page = await context.newPage();
      await page.goto("/");
      expect(await violations(page)).to.deep.equal([]);
      await context.close();
    }
  });

  it("keeps a title that is markup inert, and loads nothing from elsewhere", async () => {
    const { page, faults } = await open(browser, filled.bridge.adminUrl);
    const asked: string[] = [];
    page.on("request", (request) => asked.push(new URL(request.url()).origin));
    for (const path of ["/documents", `/document?source=lumin&id=${filled.documents.evil}`, "/events"]) {
      await page.goto(path);
      expect(await page.locator("img").count(), path).to.equal(0);
      expect(await page.title(), path).not.to.equal("evil");
    }
    expect([...new Set(asked)]).to.deep.equal([filled.bridge.adminUrl]);
    expect(faults).to.deep.equal([]);
  });

  for (const script of [true, false])
    describe(`with${script ? "" : "out"} a script`, () => {
      it("leads from a person's address to the document, its event, and sending it again", async () => {
        const { page } = await open(browser, filled.bridge.adminUrl, { script });
        await page.click("nav.sections >> text=Documents");
        await page.fill("[name=search]", PERSON.email);
        await page.press("[name=search]", "Enter");
        await page.waitForURL(/search=grace/);
        await page.click(`text=${EVIL.slice(0, 10)}`);
        expect(await page.textContent(".sentence")).to.include("did not arrive");
        await page.click("text=what is parked (2)");
        expect(await page.textContent(".sentence")).to.include("2 events would be sent to erp again.");
        await page.fill("[name=reason]", "fixed");
        await page.click("text=Send 2 events again");
        await page.waitForSelector("#said:has-text('2 events will be sent to erp again.')");
        expect(new URL(page.url()).pathname).to.equal("/document");
        const audit = await filled.bridge.admin("/api/v1/audit", { authorization: `Bearer ${ACT}` });
        expect(audit.body.items[0]).to.include({ action: "replay", reason: "fixed" });
        await settled(filled.bridge);
      });

      it("sends what is parked of a cause again, after it was counted", async () => {
        const { page } = await open(browser, filled.bridge.adminUrl, { script });
        await page.click("nav.sections >> text=Deliveries");
        await page.click("tbody >> text=Send again");
        expect(await page.textContent(".sentence")).to.match(/events? would be sent to erp again/);
        await page.fill("[name=reason]", "erp is fixed");
        await page.click(".action button");
        await page.waitForSelector("#said:has-text('will be sent to erp again.')");
        await settled(filled.bridge);
      });

      it("saves a view of a list, which is there for the next visitor, and removes it", async () => {
        const { page } = await open(browser, filled.bridge.adminUrl, { script });
        await page.goto("/deliveries?destination=erp");
        await page.click("summary:has-text('Save this view')");
        await page.fill("[name=name]", "Of the ERP");
        await page.fill(".views [name=reason]", "for the morning");
        await page.click("button:has-text('Save this view')");
        await page.waitForSelector("#said:has-text('The view “Of the ERP” is saved')");
        const { page: other } = await open(browser, filled.bridge.adminUrl, { script });
        await other.goto("/deliveries");
        await other.click(".views >> text=Of the ERP");
        await other.waitForURL(/destination=erp/);
        await other.click("text=All saved views");
        const row = other.locator("tr:has-text('Of the ERP')");
        await row.locator("summary").click();
        await row.locator("[name=reason]").fill("enough of it");
        await row.locator("button").click();
        await other.waitForSelector("#said:has-text('The view “Of the ERP” is removed')");
      });

      it("downloads the rows of a list", async () => {
        const { page } = await open(browser, filled.bridge.adminUrl, { script });
        await page.goto("/documents?source=lumin");
        const [file] = await Promise.all([page.waitForEvent("download"), page.click("text=Download as CSV")]);
        expect(file.suggestedFilename()).to.match(/^documents-.*\.csv$/);
        const text = readFileSync(await file.path(), "utf8");
        expect(text).to.include("doc-evil").and.not.include("legalesign");
      });

      it("tries a destination, and shows what both sides said", async () => {
        const { page } = await open(browser, filled.bridge.adminUrl, { script });
        await page.click("nav.sections >> text=Destinations");
        await page.click("tbody >> text=crm");
        await page.click("summary:has-text('Send a test event')");
        await page.fill("details[open] [name=reason]", "does it answer?");
        await page.click("text=Send a test event to crm");
        await page.waitForURL(/tests/);
        expect(await page.textContent(".sentence")).to.include("crm took the test event: it answered 200");
        expect(script ? await violations(page) : []).to.deep.equal([]);
      });

      it("pauses a destination and resumes it, which the audit tells", async () => {
        const { page } = await open(browser, filled.bridge.adminUrl, { script });
        for (const [word, state] of [
          ["Pause", "It is paused,"],
          ["Resume", "It takes what is sent."],
        ] as const) {
          await page.goto("/destinations/crm");
          await page.click(`summary:has-text('${word}')`);
          await page.fill("details[open] [name=reason]", "maintenance");
          await page.click(`button:has-text('${word} crm')`);
          await page.waitForSelector("#said:has-text('crm is')");
          expect(await page.textContent(".sentence")).to.include(state);
        }
        await page.click("nav.sections >> text=Audit");
        expect(await page.locator("tbody tr th").first().textContent()).to.equal("resume");
      });

      it("filters a list by its address, and back", async () => {
        const { page } = await open(browser, filled.bridge.adminUrl, { script });
        await page.goto("/events");
        await page.selectOption("[name=type]", "document.completed");
        if (!script) await page.click("text=Filter");
        await page.waitForURL(/type=document.completed/);
        const types = await page.locator("tbody tr td:nth-child(2)").allTextContents();
        expect([...new Set(types)]).to.deep.equal(["document.completed"]);
        await page.click("text=Show all");
        await page.waitForURL(/events$/);
        expect(await page.locator("tbody tr").count()).to.be.above(types.length);
      });

      it("shows personal data once there is a reason, and masks it again", async () => {
        const { page } = await open(browser, filled.bridge.adminUrl, { script });
        await page.goto(`/document?source=lumin&id=${filled.documents.evil}`);
        expect(await page.textContent("#page")).not.to.include(PERSON.name);
        await page.click("text=Personal data is masked");
        await page.fill("[name=reason]", "the customer called");
        await page.click("text=Show personal data for 15 minutes");
        await page.waitForURL(/document\?/);
        expect(await page.textContent("#page")).to.include(PERSON.name);
        await page.click("text=Mask it");
        await page.waitForURL(/document\?/);
        expect(await page.textContent("#page")).not.to.include(PERSON.name);
      });

      it("signs out, after which the same address asks to sign in, and leads back", async () => {
        const { page } = await open(browser, filled.bridge.adminUrl, { script });
        await page.click("text=Sign out");
        await page.goto("/events?type=document.completed");
        await page.fill("[name=token]", ACT);
        await page.click("main button");
        await page.waitForURL(/events\?type=document.completed/);
        expect(await page.textContent("h1")).to.equal("Events");
      });
    });

  it("follows what happens, and not while the page is hidden or somebody writes", async () => {
    const { page } = await open(browser, filled.bridge.adminUrl);
    await page.goto("/documents");
    const post = async (id: string) => {
      const body = luminPost(id, `Live ${id}`, "created", Date.now());
      await filled.bridge.post("/in/lumin/account", body, signedByLumin(body));
    };
    const isConnected = "document.querySelector('#live')._htmx?.sse?.reader != null";
    await becomes(page, isConnected, "the page is live");
    await post("one");
    await page.waitForSelector("text=Live one");

    const setHidden = (hidden: boolean) =>
      page.evaluate(`Object.defineProperty(document, "hidden", { value: ${hidden}, configurable: true });
        document.dispatchEvent(new Event("visibilitychange"))`);
    await setHidden(true);
    await becomes(page, `!(${isConnected})`, "the stream has ended");
    await post("two");
    await setHidden(false);
    await becomes(page, isConnected, "the page is live again");

    await page.focus("[name=search]");
    await page.keyboard.type("unsent");
    const heldBack = page.evaluate(
      "new Promise((resolve) => document.addEventListener('htmx:sse:before:message', resolve, { once: true })).then(() => 0)",
    );
    await post("three");
    await heldBack;
    expect(await page.inputValue("[name=search]")).to.equal("unsent");
    await page.fill("[name=search]", "");
    await page.locator("[name=search]").blur();
    await page.waitForSelector("text=Live three");
    expect(await page.locator("text=Live two").count()).to.equal(1);
  });

  it("goes by keys from page to page and from row to row, unless they are switched off", async () => {
    const { page } = await open(browser, filled.bridge.adminUrl);
    await page.keyboard.press("g");
    await page.keyboard.press("d");
    await page.waitForURL(/documents$/);
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    await page.keyboard.press("k");
    expect(await page.evaluate("document.activeElement.matches('tbody tr:first-child [data-row]')")).to.equal(
      true,
    );
    await page.keyboard.press("Enter");
    await page.waitForURL(/document\?/);
    await page.keyboard.press("?");
    await page.click("dialog [data-keys]");
    await page.click("dialog button");
    await page.keyboard.press("g");
    await page.keyboard.press("e");
    expect(page.url()).to.match(/document\?/);
  });

  it("remembers the scheme that was chosen, and shows local time where that is asked for", async () => {
    const { page } = await open(browser, filled.bridge.adminUrl);
    await page.click("text=Theme");
    await page.reload();
    expect(await page.evaluate("document.documentElement.dataset.theme")).to.equal("dark");
    await page.click("[data-zone]");
    expect(await page.textContent("[data-zone]")).to.equal("Local time");
  });

  it("fits a narrow screen", async () => {
    const { page } = await open(browser, filled.bridge.adminUrl, { width: 360 });
    for (const [name, path] of Object.entries(SCREENS)) {
      await page.goto(path(filled));
      const width = await page.evaluate("document.documentElement.scrollWidth");
      expect(width, name).to.be.at.most(360);
    }
  });
});

/** Every delivery is final. */
async function settled(bridge: Filled["bridge"]): Promise<void> {
  await until(async () => {
    const answer = await bridge.admin("/api/v1/destinations", { authorization: `Bearer ${ACT}` });
    return answer.body.items.every(({ open }: { open: number }) => open === 0);
  }, "every delivery is final");
}
