import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect } from "chai";
import { openStore } from "../../src/store/open.ts";
import { aFolder, type Bridge, configText, listenUntilTidy, startBridge, tidy } from "../support/bridge.ts";
import { createManualClock } from "../support/clock.ts";
import { runCommand } from "./terminal.ts";

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
const GOOD = "0123456789abcdef0123456789abcdef";

const check = (...args: string[]) => runCommand(["healthcheck", ...args]);
/** A configuration of the bridge's address; `rest` may be wrong. */
function configOf(bridge: Bridge, rest = ""): string {
  const file = join(aFolder(), "countersign.yaml");
  writeFileSync(
    file,
    `admin: { host: 0.0.0.0, token: ${GOOD}, port: ${new URL(bridge.adminUrl).port} }\n${rest}`,
  );
  return file;
}

describe("countersign healthcheck", () => {
  afterEach(tidy);

  it("succeeds for a bridge that is ready, which it finds by the configuration or by --url", async () => {
    const bridge = await startBridge();
    for (const way of [
      ["--config", configOf(bridge)],
      ["--url", bridge.adminUrl],
      ["--url", `${bridge.adminUrl}/`],
    ]) {
      expect(await check(...way)).to.deep.equal({ code: 0, stdout: "ready\n", stderr: "" });
      expect(await check("--ready", ...way)).to.deep.equal({ code: 0, stdout: "ready\n", stderr: "" });
      expect(await check("--live", ...way)).to.deep.equal({ code: 0, stdout: "live\n", stderr: "" });
    }
  });

  it("does not look at the rest of the configuration, in which a mistake may be by now", async () => {
    const config = configOf(await startBridge(), 'sources: { x: { mapping: "${NONE}" } }\nwrong: true\n');
    expect(await check("--config", config)).to.deep.equal({ code: 0, stdout: "ready\n", stderr: "" });
  });

  it("names each failing check of a bridge that lives and is not ready", async () => {
    const store = await openStore({ kind: "sqlite", file: join(aFolder(), "a.db") }, () => {}, {
      owned: true,
    });
    const probe = () => Promise.reject(new Error("planted"));
    const clock = createManualClock(Date.UTC(2026, 0, 1));
    const bridge = await startBridge(configText("drain: 5s"), { store: { ...store, probe }, clock });
    const stopped = bridge.stop();
    expect(await check("--url", bridge.adminUrl)).to.deep.equal({
      code: 1,
      stdout: "",
      stderr: "countersign: not ready: running: stopping; store: unavailable\n",
    });
    expect((await check("--live", "--url", bridge.adminUrl)).code).to.equal(0);
    await clock.advance(5_000);
    await stopped;
  });

  it("fails within two seconds where nothing answers, or too slowly, and says so", async () => {
    const silent = await listenUntilTidy(createServer(() => {}));
    const slow = await listenUntilTidy(
      createServer((_, response) => void response.writeHead(200).write('{"status":')),
    );
    for (const url of [silent, slow]) {
      const ask = promisify(execFile)(process.execPath, [MAIN, "healthcheck", "--url", url]);
      const failure = await ask.then(
        () => ({ code: 0, stderr: "" }),
        ({ code, stderr }: { code: number; stderr: string }) => ({ code, stderr }),
      );
      expect(failure.code).to.equal(1);
      expect(failure.stderr).to.equal(
        `countersign: not ready: ${url}/readyz does not answer (not within 1.5 s)\n`,
      );
    }
    const closed = createServer();
    const url = await listenUntilTidy(closed);
    closed.close();
    expect((await check("--live", "--url", url)).stderr).to.equal(
      `countersign: not live: ${url}/livez does not answer (ECONNREFUSED)\n`,
    );
  });

  it("takes no other server for a bridge", async () => {
    const answers: readonly [status: number, text: string, said: RegExp][] = [
      [200, "<html>ok</html>", /not a bridge: it answered with 200$/],
      [200, "[]", /not a bridge: it answered with 200$/],
      [404, '{"error":"not_found","message":"there is nothing"}', /it answered with 404: there is nothing$/],
      [500, '{"status":"ok"}', /it answered with 500, ok$/],
      [302, "", /not a bridge: it answered with 302$/],
      [200, `"${"x".repeat(2 ** 21)}"`, /the answer is too long\)$/],
    ];
    for (const [status, text, said] of answers) {
      const url = await listenUntilTidy(
        createServer((_, response) => response.writeHead(status, { location: "/livez" }).end(text)),
      );
      const { code, stderr } = await check("--url", url);
      expect([code, stderr.trimEnd()]).to.satisfy(() => code === 1 && said.test(stderr.trimEnd()), stderr);
    }
  });

  it("says what to do when the configuration does not tell where the bridge is", async () => {
    const file = join(aFolder(), "countersign.yaml");
    expect((await check("--config", file)).stderr).to.match(
      /does not say where the bridge is \(ENOENT.*give --url/,
    );
    writeFileSync(file, "admin: { port: x }");
    expect((await check("--config", file)).stderr).to.include("(`admin` is wrong there): give --url");
    expect((await check("--url", "localhost:8081")).stderr).to.include("write http://127.0.0.1:8081");
    expect((await check("--live", "--ready", "--url", "http://x")).code).to.equal(2);
  });
});
