import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect } from "chai";
import { COMMANDS } from "../../src/cli/commands.ts";
import { aFolder, configText, startBridge, tidy } from "../support/bridge.ts";
import { visit } from "./visitor.ts";

const run = promisify(execFile);
const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

/** Prints the modules that were loaded when the process ends, a line for each. */
const WATCH = `
import { registerHooks } from "node:module";
const loaded = [];
registerHooks({ load(url, context, next) { loaded.push(url); return next(url, context); } });
process.on("exit", () => process.stderr.write(loaded.map((url) => "loaded " + url + "\\n").join("")));
`;

async function loadedBy(...args: string[]): Promise<string[]> {
  const watch = `data:text/javascript,${encodeURIComponent(WATCH)}`;
  const { stderr } = await run(process.execPath, ["--import", watch, MAIN, ...args], {
    cwd: aFolder(),
  }).catch((error) => error);
  return [...stderr.matchAll(/^loaded (.*)$/gm)].map(([, url = ""]) => url);
}

describe("the console's code", () => {
  afterEach(tidy);

  for (const { name } of COMMANDS.filter(({ name }) => !["serve", "demo"].includes(name)))
    it(`is not loaded by ${name}`, async () => {
      const loaded = await loadedBy(name, "--help");
      expect(loaded.some((url) => url.endsWith("/cli/run.ts"))).to.equal(true);
      expect(loaded.filter((url) => /\/src\/console\/|\/hono\/|htmx/.test(url))).to.deep.equal([]);
    });

  it("is not there with `console: false`, and the admin API is", async () => {
    const bridge = await startBridge(
      configText().replace("admin: { port: 0 }", "admin: { port: 0, console: false }"),
    );
    expect((await visit(bridge).get("/", { accept: "text/html" })).status).to.equal(404);
    expect((await bridge.admin("/api/v1/events")).status).to.equal(200);
  });
});
