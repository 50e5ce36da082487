import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { claim, contentsOf, settle } from "../store/filled.ts";
import { aFolder, configText, startBridge, tidy } from "../support/bridge.ts";
import { aDocument, aDraft, aRecordRequest, NEW_YEAR } from "../support/builders.ts";
import { nth } from "../support/only.ts";
import { configFileFor } from "./operator.ts";
import { aFilledStore, anExport, inStore, STORES } from "./stores.ts";
import { runCommand } from "./terminal.ts";

const linesOf = (file: string) => readFileSync(file, "utf8").split("\n").slice(0, -1);

function aFile(lines: readonly string[]): string {
  const file = join(aFolder(), "changed.ndjson");
  writeFileSync(file, lines.map((line) => `${line}\n`).join(""));
  return file;
}

const footer = (rows: number) => JSON.stringify({ end: true, rows });

describe("countersign import", () => {
  afterEach(tidy);

  let store: string;
  beforeEach(async () => {
    store = await STORES.sqlite();
  });
  const importFile = (file: string, ...more: string[]) =>
    runCommand(["import", file, "--store", store, ...more]);
  const rowsOf = async () =>
    Object.values(await inStore(store, contentsOf)).reduce((sum, rows) => sum + rows.length, 0);

  /** The one sentence of a refusal. */
  async function refusal(file: string): Promise<string> {
    const { code, stdout, stderr } = await importFile(file);
    expect([code, stdout]).to.deep.equal([1, ""]);
    expect(stderr).to.match(/^countersign: [^\n]+\n$/);
    return stderr;
  }

  it("can be repeated after an interruption, and counts new and present rows", async () => {
    const file = await anExport(await aFilledStore());
    const [header = "", ...rows] = linesOf(file).slice(0, -1);
    expect((await importFile(aFile([header, ...rows.slice(0, 20), footer(20)]))).code).to.equal(0);
    const again = await importFile(file);
    expect(again.stdout).to.match(/^64 rows of .*: 44 added to .*countersign\.db, 20 there before\n$/);
    const { stdout } = await importFile(file, "--json");
    expect(JSON.parse(stdout)).to.deep.equal({ rows: 64, added: 0, there: 64 });
  });

  it("imports the export of version 0.1.0, which has no tallies", async () => {
    const rows = linesOf(
      fileURLToPath(new URL("../store/released/0.1.0/sqlite.rows.ndjson", import.meta.url)),
    );
    const counts = Object.entries(Object.groupBy(rows, (row) => String(JSON.parse(row).table)));
    const header = {
      ...{ countersign: "export", version: 1, schema: 1, at: "2026-11-27T00:00:00.000Z" },
      rows: Object.fromEntries(counts.map(([table, all = []]) => [table, all.length])),
    };
    const { code, stdout } = await importFile(aFile([JSON.stringify(header), ...rows, footer(rows.length)]));
    expect(code).to.equal(0);
    expect(stdout).to.include(`: ${rows.length} added`);
    await inStore(store, async (one) => {
      expect(await one.tallies({ from: 0 })).to.deep.equal({ requests: [], deliveries: [] });
    });
  });

  it("preserves leases and due times", async () => {
    const from = await STORES.sqlite();
    const leased = await inStore(from, async (one) => {
      for (const id of ["a", "b"]) await one.record(aRecordRequest([aDraft({ document: aDocument(id) })]));
      const [first, second] = await claim(one);
      if (!first || !second) throw new Error("nothing was due");
      await settle(one, first, { status: "pending", dueAt: NEW_YEAR + 300_000 });
      return second;
    });
    await importFile(await anExport(from));
    await inStore(store, async (one) => {
      expect(await settle(one, leased)).to.equal(true);
      expect(await one.nextDueAt("crm")).to.equal(NEW_YEAR + 300_000);
    });
  });

  it("imports nothing from a truncated file", async () => {
    const lines = linesOf(await anExport(await aFilledStore()));
    for (const text of [
      lines.slice(0, -1).join("\n"),
      `${lines.slice(0, 9).join("\n")}\n`,
      lines.join("\n"),
    ]) {
      const file = join(aFolder(), "cut.ndjson");
      writeFileSync(file, text);
      expect(await refusal(file))
        .to.include("cut.ndjson is cut off")
        .and.include("nothing was imported");
    }
    expect(await refusal(join(aFolder(), "none.ndjson"))).to.include("none.ndjson cannot be read: ENOENT");
    expect(await rowsOf()).to.equal(0);
  });

  it("imports nothing from a newer version's export or from a file that is no export", async () => {
    const [header = "", ...rest] = linesOf(await anExport(await aFilledStore()));
    expect(await refusal(aFile([header.replace('"version":1', '"version":2'), ...rest]))).to.include(
      "line 1: it was written by a newer Countersign",
    );
    expect(await refusal(aFile(["hello", footer(0)]))).to.include("line 1: this is no export of Countersign");
    expect(await rowsOf()).to.equal(0);
  });

  it("names the line that is wrong, missing or surplus", async () => {
    const lines = linesOf(await anExport(await aFilledStore()));
    const wrong = lines.with(16, nth(lines, 16).replace('"position":', '"place":'));
    expect(await refusal(aFile(wrong))).to.match(/: line 17( at `position`)?: /);
    expect(await refusal(aFile(lines.toSpliced(30, 1)))).to.include(
      "line 65: there should be 64 rows before it, and there are 63",
    );
    expect(await refusal(aFile([...lines, footer(64)]))).to.include(
      "line 67: nothing may stand behind the end",
    );
  });

  it("refuses a store that holds other rows, and says so", async () => {
    const file = await anExport(await aFilledStore());
    await inStore(store, (one) => one.record(aRecordRequest([aDraft({ document: aDocument("own") })])));
    expect(await refusal(file)).to.include("the store to import into must be empty");
  });

  it("stops between two steps upon an interrupt", async () => {
    const file = await anExport(await aFilledStore());
    const { code, stdout, stderr } = await runCommand(["import", file, "--store", store], {
      signal: AbortSignal.abort(),
    });
    expect([code, stdout]).to.deep.equal([130, ""]);
    expect(stderr).to.equal("interrupted after 0 rows: the same call goes on from here\n");
  });

  it("refuses to write beside a running bridge of the same configuration", async () => {
    const file = await anExport(await aFilledStore());
    const bridge = await startBridge();
    const config = configFileFor(bridge, configText(), "countersign.yaml");
    const refused = await runCommand(["import", file, "--config", config]);
    expect([refused.code, refused.stderr]).to.deep.equal([
      1,
      "countersign: a bridge is running with this configuration: stop it first\n",
    ]);
    await bridge.stop();
    expect((await runCommand(["import", file, "--config", config])).stdout).to.include("64 added");
  });
});
