import { expect } from "chai";
import type { Browser } from "playwright-core";
import { configText, signedByLumin, startBridge, tidy } from "../support/bridge.ts";
import { CHROMIUM, IN_A_BROWSER, launch, open, violations } from "./browser.ts";
import { EVIL, type Filled, filledBridge, luminPost } from "./filled-bridge.ts";
import { withTokens } from "./visitor.ts";

describe(`requests and the mapping bench ${IN_A_BROWSER}`, () => {
  let browser: Browser;
  let filled: Filled;
  before(async function () {
    if (CHROMIUM === null) return this.skip();
    browser = await launch();
    filled = await filledBridge();
  });
  after(async () => {
    await browser?.close();
    await tidy();
  });

  for (const scheme of ["light", "dark"] as const)
    it(`have nothing that axe objects to once personal data is shown, ${scheme}`, async () => {
      const { page, faults } = await open(browser, filled.bridge.adminUrl, { scheme });
      await page.goto("/personal-data?back=/requests");
      await page.fill("[name=reason]", "a test");
      await page.click(".action button");
      const { genuine, refused } = filled.requests;
      for (const id of [genuine, refused])
        for (const as of ["text", "form", "json", "hex"]) {
          await page.goto(`/requests/${id}?as=${as}`);
          expect(await violations(page), `${id} as ${as}`).to.deep.equal([]);
        }
      await page.goto(`/bench?request=${genuine}&edit=present`);
      const present = await page.inputValue("[name=next]");
      for (const next of [present, present.replace("provider:", "privider:")]) {
        await page.goto(`/bench?request=${genuine}&edit=present`);
        await page.fill("[name=next]", next);
        await page.click("text=Read it");
        await page.waitForSelector("text=Which line made each part");
        expect(await violations(page)).to.deep.equal([]);
        expect(await page.evaluate("document.documentElement.scrollWidth")).to.be.at.most(1_280);
      }
      expect(faults).to.deep.equal([]);
    });

  for (const script of [true, false])
    describe(`with${script ? "" : "out"} a script`, () => {
      it("lead from a refused request to why, and to processing it once the secret is mended", async () => {
        const refusing = await startBridge(withTokens());
        const body = luminPost("d1", EVIL, "created", Date.now());
        await refusing.post("/in/lumin/account", body, signedByLumin(body, "the-right-secret"));
        const first = await open(browser, refusing.adminUrl, { script });
        await first.page.click("nav.sections >> text=Requests");
        await first.page.click("nav.tabs >> text=Refused");
        await first.page.click("tbody a");
        expect(await first.page.textContent(".steps")).to.include("fails");
        const { folder } = refusing;
        await refusing.stop();

        const mended = await startBridge(
          withTokens(configText().replace("my_primary_api_key", "the-right-secret")),
          { folder },
        );
        const { page } = await open(browser, mended.adminUrl, { script });
        await page.goto("/requests/refused");
        await page.click("tbody a");
        expect(await page.textContent(".sentence")).to.include("it is genuine");
        await page.click("text=Count what would come of it");
        await page.fill("[name=reason]", "the secret was wrong");
        await page.click("text=Process this request again");
        await page.waitForSelector("#said:has-text('1 new event')");
        expect(await page.textContent("h1")).to.equal("Request over lumin/account");
      });

      it("show which line made each part of a request that is pasted", async () => {
        const { page } = await open(browser, filled.bridge.adminUrl, { script });
        await page.click("nav.sections >> text=Mapping bench");
        await page.selectOption("[name=channel]", "lumin/account");
        await page.fill("[name=body]", luminPost("d9", EVIL, "created", 1_790_000_000_000));
        await page.click("text=Read it");
        await page.waitForSelector("text=Which line made each part");
        const row = page.locator("tr", { hasText: "document.title" }).first();
        expect(await row.textContent())
          .to.include(EVIL)
          .and.match(/\d+ title:/);
        expect(await page.locator("main img").count()).to.equal(0);
      });
    });
});
