import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { pino } from "pino";
import { type Browser, chromium } from "playwright-core";
import { createApp } from "../src/app.ts";
import { parseConfig } from "../src/config.ts";
import type { Clock } from "../src/domain/clock.ts";
import { type ProviderPost, postsOf, simulate } from "../src/simulate/simulation.ts";
import { formatProblem } from "../src/yaml.ts";

/**
 * Writes the pictures of README.md: `node scripts/screenshots.ts [FOLDER]`, by default docs/images. It runs a
 * bridge over a day of simulated documents, one receiver of which fails, and needs Chromium (or CHROMIUM).
 */

const FOLDER = process.argv[2] ?? fileURLToPath(new URL("../docs/images/", import.meta.url));
const EXECUTABLE = process.env.CHROMIUM ?? "/usr/bin/chromium";
const HOUR_MS = 3_600_000;
const CREDENTIALS = { secret: "a-key-of-the-simulator", token: "a-token-of-the-simulator" };
const SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;

/** Real time, moved by as much as the simulated day asks for. */
let shift = 0;
const clock: Clock = {
  now: () => Date.now() + shift,
  elapsed: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

const receiver = createServer((request, response) => {
  request.resume().on("end", () => {
    response.statusCode = request.url === "/erp" ? 503 : 200;
    response.end(request.url === "/erp" ? "down for maintenance" : "");
  });
});

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const configuration = (url: string) => `
server: { host: 127.0.0.1, port: 0 }
admin: { port: 0 }
sources:
  lumin: { mapping: lumin, channels: { account: { secrets: [${CREDENTIALS.secret}] } } }
  legalesign:
    mapping: legalesign
    channels: { upon: { token: ${CREDENTIALS.token} }, batch: { token: ${CREDENTIALS.token} } }
destinations:
  crm: { url: "${url}/crm", secrets: [${SECRET}] }
  archive: { url: "${url}/archive", secrets: [${SECRET}], events: ["document.*", "signer.signed"] }
  erp: { url: "${url}/erp", secrets: [${SECRET}], events: ["document.completed"], retry: [1s] }
`;

/** The posts of a day, in the order of their times. */
function day(end: number): (ProviderPost & { source: string })[] {
  const posts = (["lumin", "legalesign"] as const).flatMap((provider) =>
    Array.from({ length: 11 }, (_, part) => {
      const start = end - (23 - 2 * part) * HOUR_MS;
      const channels = provider === "lumin" ? ["account"] : ["upon", "batch"];
      const shared = { provider, channels, signers: 2, start, faults: ["repeat"] as const, ...CREDENTIALS };
      return postsOf(simulate({ ...shared, documents: 2 + (part % 4), seed: 40 + part })).map((post) => ({
        ...post,
        source: provider,
      }));
    }).flat(),
  );
  return posts.filter(({ at }) => at < end).toSorted((a, b) => a.at - b.at);
}

async function post(url: string, { source, channel, query, headers, body }: ReturnType<typeof day>[number]) {
  const address = `${url}/in/${source}/${channel}?${new URLSearchParams(query)}`;
  const answer = await fetch(address, { method: "POST", headers, body });
  if (answer.status !== 200) throw new Error(`${address}: ${answer.status} ${await answer.text()}`);
}

async function takePictures(browser: Browser, adminUrl: string): Promise<void> {
  const page = await browser.newPage({ viewport: { width: 1_080, height: 720 }, colorScheme: "light" });
  await page.goto(adminUrl);
  await page.screenshot({ path: join(FOLDER, "now.png") });
  await page.goto(`${adminUrl}/documents?status=completed&source=lumin`);
  await page.click("[data-row]");
  await page.waitForSelector(".timeline");
  await page.setViewportSize({ width: 1_080, height: 960 });
  await page.screenshot({ path: join(FOLDER, "document.png") });
}

const folder = mkdtempSync(join(tmpdir(), "countersign-screenshots-"));
try {
  const text = configuration(await listen(receiver));
  const { config, problems } = await parseConfig(text, join(folder, "countersign.yaml"), {});
  if (!config) throw new Error(problems.map(formatProblem).join("\n"));
  const end = Date.now();
  const posts = day(end);
  shift = (posts[0]?.at ?? end) - end;
  const app = await createApp(config, { clock, logger: pino({ level: "silent" }) });
  for (const one of posts) {
    shift = one.at - Date.now();
    await post(app.url, one);
  }
  shift = 0;
  mkdirSync(FOLDER, { recursive: true });
  const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  const browser = await chromium.launch({ executablePath: EXECUTABLE, args });
  await takePictures(browser, app.adminUrl);
  await browser.close();
  await app.stop();
} finally {
  receiver.close();
  receiver.closeAllConnections();
  rmSync(folder, { recursive: true, force: true });
}
