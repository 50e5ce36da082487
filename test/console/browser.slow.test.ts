import { expect } from "chai";
import type { Browser } from "playwright-core";
import { tidy } from "../support/bridge.ts";
import { CHROMIUM, IN_A_BROWSER, launch, open, violations } from "./browser.ts";
import { type Filled, filledBridge } from "./filled-bridge.ts";

/** Every screen, by what is asked of it. A new screen is added here. */
const screens = ({ event, documents }: Filled) => ({
  now: "/",
  documents: "/documents",
  "documents, of which none matches": "/documents?search=nothing-like-it",
  document: `/document?source=lumin&id=${documents.evil}`,
  events: "/events",
  event: `/events/${event}`,
  replay: `/replay?destination=erp&document=${documents.evil}`,
  "personal data": "/personal-data?back=/documents",
  "an unknown page": "/events/evt_unknown",
  "a bad cursor": "/documents?cursor=!!",
});

describe(`the console ${IN_A_BROWSER}`, () => {
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

  for (const script of [true, false])
    for (const scheme of ["light", "dark"] as const)
      it(`has nothing that axe objects to, ${scheme}, with${script ? "" : "out"} a script`, async () => {
        const { page, faults } = await open(browser, filled.bridge.adminUrl, {
          scheme,
          withoutOurs: !script,
        });
        for (const [name, path] of Object.entries(screens(filled))) {
          await page.goto(path);
          expect(await violations(page), name).to.deep.equal([]);
        }
        // The browser reports that pages were answered with 400 and 404, and that scripts did not load.
        expect(faults.filter((text) => !/40[04]|ERR_FAILED/.test(text))).to.deep.equal([]);
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
});
