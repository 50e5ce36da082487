import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Writable } from "node:stream";
import { expect } from "chai";
import { run } from "../../src/cli/run.ts";
import { fillStore } from "../store/filled.ts";
import { aFolder, configText, startBridge, tidy } from "../support/bridge.ts";
import { aDocument, aDraft, aRecordRequest } from "../support/builders.ts";
import { aFilledStore, anExport, inStore, KINDS, needPostgres, STORES } from "./stores.ts";
import { runCommand } from "./terminal.ts";

const textOf = (file: string) => readFileSync(file, "utf8");
const linesOf = (text: string) => text.split("\n").slice(0, -1);
/** The lines without the moment of the export. */
const timeless = (text: string) => text.replace(/"at":"[^"]+"/, '"at":""');

describe("countersign export", () => {
  afterEach(tidy);

  for (const from of KINDS) {
    describe(`of a ${from} store`, () => {
      if (from === "postgres") before(needPostgres);

      it("writes a header, every row in order, and a footer", async () => {
        const lines = linesOf(textOf(await anExport(await aFilledStore(from)))).map((line) =>
          JSON.parse(line),
        );
        const [header, footer, ...rows] = [lines.shift(), lines.pop(), ...lines];
        expect(header).to.include({ countersign: "export", version: 1 });
        const counts = Object.entries(header.rows);
        expect(counts.filter(([, count]) => count === 0)).to.deep.equal([]);
        const tables = counts.flatMap(([table, count]) => Array.from({ length: Number(count) }, () => table));
        expect(rows.map(({ table }) => table)).to.deep.equal(tables);
        expect(footer).to.deep.equal({ end: true, rows: rows.length });
      });

      for (const to of KINDS) {
        describe(`imported into a ${to} store`, () => {
          if (to === "postgres") before(needPostgres);

          it("makes a copy whose export is the same, byte for byte", async () => {
            const file = await anExport(await aFilledStore(from));
            const copy = await STORES[to]();
            const { code, stdout } = await runCommand(["import", file, "--store", copy]);
            expect([code, stdout]).to.deep.equal([0, stdout]);
            expect(stdout).to.match(/^62 rows of .*all\.ndjson: 62 added to .*, 0 there before\n$/);
            expect(timeless(textOf(await anExport(copy)))).to.equal(timeless(textOf(file)));
          });
        });
      }
    });
  }

  it("writes under another name until it is whole, and a file that only its owner may read", async () => {
    const folder = aFolder();
    const file = join(folder, "all.ndjson");
    const { code, stdout, stderr } = await runCommand([
      ...["export", "--store", await aFilledStore(), "--to", file],
    ]);
    expect([code, stdout]).to.deep.equal([0, ""]);
    expect(stderr).to.match(/^62 rows of .*countersign\.db exported to .*all\.ndjson\n$/);
    expect(readdirSync(folder)).to.deep.equal(["all.ndjson"]);
    expect(statSync(file).mode & 0o777).to.equal(0o600);
  });

  it("goes to standard output when no file is named, and reports on standard error", async () => {
    const store = await aFilledStore();
    const { code, stdout, stderr } = await runCommand(["export", "--store", store]);
    expect(code).to.equal(0);
    expect(stderr).to.match(/^62 rows of .*countersign\.db exported\n$/);
    expect(timeless(stdout)).to.equal(timeless(textOf(await anExport(store))));
  });

  it("prints its result as JSON with --json", async () => {
    const [store, file] = [await aFilledStore(), join(aFolder(), "all.ndjson")];
    const asked = await runCommand(["export", "--store", store, "--to", file, "--json"]);
    expect(asked.stderr).to.equal("");
    expect(JSON.parse(asked.stdout)).to.deep.equal({ file, rows: 62, resumed: false, changed: [] });
    const refused = await runCommand(["export", "--store", store, "--json"]);
    expect([refused.code, refused.stdout]).to.deep.equal([1, ""]);
    expect(refused.stderr).to.include("need --to");
  });

  it("resumes an interrupted export at any point, with the same result", async () => {
    const store = await aFilledStore();
    const whole = readFileSync(await anExport(store));
    const header = whole.indexOf("\n") + 1;
    for (let length = header; length <= whole.length; length += 1_009) {
      const file = join(aFolder(), "all.ndjson");
      writeFileSync(`${file}.part`, whole.subarray(0, length));
      const { code, stderr } = await runCommand(["export", "--store", store, "--to", file, "--resume"]);
      expect([code, textOf(file)], String(length)).to.deep.equal([0, whole.toString()]);
      expect(stderr).to.match(/62 rows .* a copy of one moment if no bridge has run since 20/);
    }
    for (const length of [0, header - 1, whole.length]) {
      const file = join(aFolder(), "all.ndjson");
      writeFileSync(`${file}.part`, whole.subarray(0, length));
      expect((await runCommand(["export", "--store", store, "--to", file, "--resume"])).code).to.equal(0);
      expect(timeless(textOf(file)), String(length)).to.equal(timeless(whole.toString()));
    }
  });

  it("says that a copy is not of one moment when rows were recorded meanwhile", async () => {
    const store = await aFilledStore();
    const whole = readFileSync(await anExport(store));
    const file = join(aFolder(), "all.ndjson");
    writeFileSync(`${file}.part`, whole.subarray(0, 4_000));
    await inStore(store, (one) => one.record(aRecordRequest([aDraft({ document: aDocument("later") })])));
    const { code, stderr } = await runCommand(["export", "--store", store, "--to", file, "--resume"]);
    expect(code).to.equal(0);
    expect(stderr).to.match(
      /no copy of one moment: since 20.* there was a change to receipts, documents, events, deliveries\n$/,
    );
  });

  it("leaves its part file for --resume when it is interrupted", async () => {
    const [store, file] = [await aFilledStore(), join(aFolder(), "all.ndjson")];
    const cut = await runCommand(["export", "--store", store, "--to", file], { signal: AbortSignal.abort() });
    expect([cut.code, cut.stderr]).to.deep.equal([130, "interrupted: --resume goes on from here\n"]);
    expect(existsSync(file)).to.equal(false);
    expect((await runCommand(["export", "--store", store, "--to", file, "--resume"])).code).to.equal(0);
    expect(linesOf(textOf(file))).to.have.length(64);
  });

  it("neither overwrites another export's part file nor resumes a foreign or missing one", async () => {
    const [store, file] = [await aFilledStore(), join(aFolder(), "all.ndjson")];
    const said = async (...args: string[]) => {
      const { code, stderr } = await runCommand(["export", "--store", store, "--to", file, ...args]);
      expect(code).to.equal(1);
      expect(stderr.trimEnd().split("\n")).to.have.length(1);
      return stderr;
    };
    expect(await said("--resume"))
      .to.include("there is nothing to go on with")
      .and.include("without --resume");
    writeFileSync(`${file}.part`, "something else\n");
    expect(await said())
      .to.include("all.ndjson.part is there,")
      .and.include("--resume");
    expect(await said("--resume")).to.include("line 1: this is no export of Countersign");
    expect(textOf(`${file}.part`)).to.equal("something else\n");
  });

  it("ends with one sentence when the file cannot be written or standard output is closed", async () => {
    const store = await aFilledStore();
    const file = join(aFolder(), "not", "there.ndjson");
    const { code, stderr } = await runCommand(["export", "--store", store, "--to", file]);
    expect([code, stderr.match(/\n/g)?.length]).to.deep.equal([1, 1]);
    expect(stderr).to.include("there.ndjson.part cannot be written: ENOENT");

    let said = "";
    const stdout = new Writable({ write: (_chunk, _encoding, done) => done(new Error("write EPIPE")) });
    const stderrStream = new Writable({
      write(chunk, _encoding, done) {
        said += chunk;
        done();
      },
    });
    const terminal = { env: {}, stdout, stderr: stderrStream, signal: new AbortController().signal };
    expect(await run(["export", "--store", store], { ...terminal, onReload() {} })).to.equal(1);
    expect(said).to.equal("countersign: standard output cannot be written: write EPIPE\n");
  });

  it("creates no store where there is none, and refuses a file that is no store", async () => {
    const folder = aFolder();
    const missing = await runCommand(["export", "--store", `sqlite:${join(folder, "typo.db")}`]);
    expect([missing.code, missing.stdout]).to.deep.equal([1, ""]);
    expect(missing.stderr).to.match(
      /^countersign: there is no store .*typo\.db: name another one with --store\n$/,
    );
    expect(readdirSync(folder)).to.deep.equal([]);
    const wrong = await runCommand(["export", "--store", "oracle:db"]);
    expect(wrong.code).to.equal(1);
    expect(wrong.stderr).to.match(/^countersign: --store: must be sqlite:FILE, lowdb:FILE or postgres:/);
  });

  it("never shows the password of a database, also not when that is away", async () => {
    const store = "postgres://bridge:p4ssw0rd@127.0.0.1:9/countersign";
    for (const args of [
      ["export", "--store", store],
      ["store", "check", "--store", store],
      ["export", "--store", "${DB}"],
    ]) {
      const { code, stderr } = await runCommand(args, { env: { DB: store } });
      expect(code, args.join(" ")).to.equal(1);
      expect(stderr)
        .to.match(/ECONNREFUSED.*: start the database,.*\n$/)
        .and.not.include("p4ssw0rd");
    }
  });

  it("takes relative paths from the configuration's folder, as the configuration does", async () => {
    const folder = aFolder();
    mkdirSync(join(folder, "data"));
    await inStore(`sqlite:${join(folder, "data", "some.db")}`, fillStore);
    const config = join(folder, "countersign.yaml");
    const relative = await runCommand(["export", "--store", "sqlite:./data/some.db", "--config", config]);
    writeFileSync(config, "store: sqlite:./data/some.db\n");
    const configured = await runCommand(["export", "--config", config]);
    expect(timeless(relative.stdout)).to.equal(timeless(configured.stdout));
    expect(linesOf(configured.stdout)).to.have.length(64);
  });

  it("copies the SQLite store of a running bridge, and asks to stop one on a lowdb file", async () => {
    const folder = aFolder();
    const config = join(folder, "countersign.yaml");
    writeFileSync(config, configText());
    await inStore(`sqlite:${join(folder, "countersign.db")}`, fillStore);
    const bridge = await startBridge(configText(), { folder });
    const { code, stdout } = await runCommand(["export", "--config", config]);
    expect(code).to.equal(0);
    expect(JSON.parse(String(linesOf(stdout).at(-1)))).to.include({ end: true });
    await bridge.stop();

    const text = configText().replace("sqlite:./countersign.db", "lowdb:./countersign.json");
    writeFileSync(config, text);
    await inStore(`lowdb:${join(folder, "countersign.json")}`, fillStore);
    await startBridge(text, { folder });
    const refused = await runCommand(["export", "--config", config]);
    expect([refused.code, refused.stdout]).to.deep.equal([1, ""]);
    expect(refused.stderr).to.match(/is in use by process \d+: stop that one first/);
  });
});
