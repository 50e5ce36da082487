import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { inert } from "../../src/domain/inert.ts";
import {
  configText,
  FORM,
  SECRET,
  signedByLumin,
  startBridge,
  startReceiver,
  TOKEN,
  tidy,
} from "../support/bridge.ts";
import { nth } from "../support/only.ts";
import { commandsFor } from "./operator.ts";
import { runCommand } from "./terminal.ts";

/** Moves the cursor, sets the window's title, clears, rings, reorders, and begins a line of its own. */
const HOSTILE = "a\u001b[2J\u001b]0;owned\u0007\u009b31m\u202etxt.exe\u2066\u2028\r\nevil";
const ACTIVE = /[^\P{C}\n\u200c\u200d]|[\u2028\u2029]/u;

describe("text of strangers on a terminal", () => {
  afterEach(tidy);

  it("is escaped, on one line", () => {
    expect(inert("\u001b[31mred\u0007")).to.equal("\\u{1b}[31mred\\u{7}");
    expect(inert("a\u202eb\u2069c\u061cd\u200ee\ufefff")).to.equal(
      "a\\u{202e}b\\u{2069}c\\u{61c}d\\u{200e}e\\u{feff}f",
    );
    expect(inert("one\ntwo\r\u0085three\u2029")).to.equal("one\\u{a}two\\u{d}\\u{85}three\\u{2029}");
    expect(inert("\u{e0041}\ud800")).to.equal("\\u{e0041}\\u{d800}");
    expect(inert(HOSTILE)).not.to.match(ACTIVE);
  });

  it("stays unchanged where it holds no control characters", () => {
    for (const text of ["Überlassungsvertrag ✍", "契約書", "می\u200cخواهم", "👩\u200d💻", "a\u0301", ""])
      expect(inert(text)).to.equal(text);
  });

  it("is harmless in lists and explanations, and unchanged in JSON", async () => {
    const receiver = await startReceiver(() => 500);
    const text = configText(`destinations: { crm: { url: "${receiver.url}", secrets: ["${SECRET}"] } }`);
    const bridge = await startBridge(text);
    const run = commandsFor(bridge, text);

    const body = JSON.stringify({
      event: { event_type: "signature_request_created", event_time: 1_700_000_000_000 },
      signature_request: { signature_request_id: `r${HOSTILE}`, title: HOSTILE },
    });
    await bridge.post("/in/lumin/account", body, signedByLumin(body));
    const item = { value: HOSTILE, timestamp: HOSTILE, resource_uri: "/api/v1/document/d1/", name: "status" };
    const timestamp = "2022-07-11T07:28:25+00:00";
    await bridge.post(
      `/in/legalesign/batch?token=${TOKEN}`,
      `data=${encodeURIComponent(JSON.stringify([item, { ...item, timestamp }]))}`,
      FORM,
    );
    const [{ id }] = (await bridge.admin("/api/v1/events?order=oldest")).body.items;
    for (const args of [
      ["events"],
      ["documents"],
      ["receipts"],
      ["deliveries"],
      ["destinations"],
      ["explain", id],
      ["explain", "d1"],
      ["explain", `evt_${HOSTILE}`],
      ["skip", HOSTILE],
    ]) {
      const { stdout, stderr } = await run(...args);
      expect(stdout + stderr, args.join(" ")).to.have.length.above(0);
      expect(stdout + stderr, args.join(" ")).not.to.match(ACTIVE);
    }
    const { stdout } = await run("documents", "--order", "oldest", "--json");
    expect(JSON.parse(nth(stdout.split("\n"), 0)).title).to.equal(HOSTILE);
  });

  it("is harmless in the output of `countersign map`", async () => {
    const bridge = await startBridge();
    const file = join(bridge.folder, "body.json");
    writeFileSync(
      file,
      JSON.stringify({
        event: { event_type: HOSTILE, event_time: HOSTILE },
        signature_request: { signature_request_id: HOSTILE },
      }),
    );
    const { stdout, stderr } = await runCommand(["map", file, "--mapping", "lumin", "--channel", "account"]);
    expect(stdout + stderr).to.have.length.above(0);
    expect((stdout + stderr).replaceAll(file, "")).not.to.match(ACTIVE);
  });
});
