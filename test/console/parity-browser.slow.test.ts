import { expect } from "chai";
import type { Browser } from "playwright-core";
import { tidy } from "../support/bridge.ts";
import { CHROMIUM, IN_A_BROWSER, launch, open, violations } from "./browser.ts";
import { aComparedBridge, compare } from "./compared-bridge.ts";

(CHROMIUM === null ? describe.skip : describe)(
  `a parity report of the console, ${IN_A_BROWSER}`,
  function () {
    this.timeout(60_000);
    let browser: Browser;
    before(async () => {
      browser = await launch();
    });
    after(async () => {
      await browser?.close();
      await tidy();
    });

    for (const scheme of ["light", "dark"] as const)
      it(`has nothing that axe objects to (${scheme})`, async () => {
        const { bridge, run } = await aComparedBridge(2);
        const { id } = await compare(run);
        const { page } = await open(browser, bridge.adminUrl, { scheme });
        await page.goto(`/parity/${id}`);
        expect(await violations(page)).to.deep.equal([]);
        expect(await page.locator("article.finding").count()).to.equal(2);
      });
  },
);
