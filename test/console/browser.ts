import { existsSync } from "node:fs";
import axe from "axe-core";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { atTidy } from "../support/bridge.ts";
import { until } from "../support/until.ts";
import { ACT } from "./visitor.ts";

/** A real browser: Debian's Chromium, or the one that CHROMIUM names. */

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Null: this machine has none. */
export const CHROMIUM =
  [process.env.CHROMIUM, ...PLACES].find((file) => file !== undefined && existsSync(file)) ?? null;

/** For the title of a suite, so that a report says why it was skipped. */
export const IN_A_BROWSER =
  CHROMIUM === null
    ? "in a browser (SKIPPED: there is no Chromium. `apt-get install chromium` brings one, or CHROMIUM names it)"
    : "in a browser";

export async function launch(): Promise<Browser> {
  if (CHROMIUM === null) throw new Error("there is no Chromium");
  // Root has no sandbox, and a container has little shared memory.
  const args = ["--disable-dev-shm-usage", ...(process.getuid?.() === 0 ? ["--no-sandbox"] : [])];
  return chromium.launch({ executablePath: CHROMIUM, args });
}

export interface Eyes {
  scheme?: "light" | "dark";
  /** False: the browser runs no script at all, so that axe cannot look at it. */
  script?: boolean;
  /** True: scripts of the page do not load, and axe can look at what is left. */
  withoutOurs?: boolean;
  width?: number;
}

/** A window of its own, signed in to act. `tidy` closes it. Faults of its pages are in `faults`. */
export async function open(
  browser: Browser,
  adminUrl: string,
  { scheme = "light", script = true, withoutOurs = false, width = 1_280 }: Eyes = {},
): Promise<{ page: Page; context: BrowserContext; faults: string[] }> {
  const context = await browser.newContext({
    ...{ baseURL: adminUrl, javaScriptEnabled: script, colorScheme: scheme },
    viewport: { width, height: 800 },
  });
  atTidy(() => void context.close());
  const page = await context.newPage();
  if (withoutOurs) await page.route("**/*.js", (route) => route.abort());
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => {
    // The page to sign in is answered with 401, which the browser reports.
    if (message.type() === "error" && !message.text().includes("401")) faults.push(message.text());
  });
  await page.goto("/");
  if ((await page.locator("[name=token]").count()) > 0) {
    await page.fill("[name=token]", ACT);
    await page.click("main button");
  }
  await page.waitForSelector("nav.sections");
  return { page, context, faults };
}

/**
 * Waits until an expression is true in the page; by the debugger, since the page's policy allows no
 * evaluation.
 */
export async function becomes(page: Page, expression: string, expected: string): Promise<void> {
  await until(() => page.evaluate(expression), expected);
}

/** What axe finds wrong with the page, each as its rule and the first element. */
export async function violations(page: Page): Promise<string[]> {
  // By the debugger: the policy of the page would refuse it as a script.
  await page.evaluate(axe.source);
  const found: Found[] = await page.evaluate("axe.run().then(({ violations }) => violations)");
  return found.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes[0]?.html.slice(0, 200)}`);
}

interface Found {
  id: string;
  help: string;
  nodes: readonly { html: string }[];
}
