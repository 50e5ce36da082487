import { chmodSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { makePrivateFolder, whyNotPrivate, writePrivate } from "../src/private-files.ts";
import { openStore } from "../src/store/open.ts";
import { runCommand } from "./cli/terminal.ts";
import { aFolder, tidy } from "./support/bridge.ts";
import { aDraft, aRecordRequest } from "./support/builders.ts";

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

/** Every file of the folder, with its mode. */
const modesIn = (folder: string) =>
  Object.fromEntries(readdirSync(folder).map((name) => [name, modeOf(join(folder, name))]));

describe("a stored file", () => {
  before(function () {
    if (process.platform === "win32") this.skip();
  });
  afterEach(tidy);

  for (const umask of [0o022, 0o000]) {
    describe(`with umask ${umask.toString(8).padStart(3, "0")}`, () => {
      let before: number;
      beforeEach(() => {
        before = process.umask(umask);
      });
      afterEach(() => process.umask(before));

      it("is open to its owner only: SQLite, with the files beside it", async () => {
        const folder = join(aFolder(), "data", "deep");
        const warnings: string[] = [];
        const file = join(folder, "countersign.db");
        const store = await openStore({ kind: "sqlite", file }, (message) => warnings.push(message));
        await store.record(aRecordRequest([aDraft()]));
        expect(modesIn(folder)).to.deep.equal({
          "countersign.db": "600",
          "countersign.db-shm": "600",
          "countersign.db-wal": "600",
        });
        expect([modeOf(folder), modeOf(join(folder, ".."))]).to.deep.equal(["700", "700"]);
        expect(warnings).to.deep.equal([]);
        await store.close();
      });

      it("is open to its owner only: lowdb, with its copies and its lock", async () => {
        const folder = join(aFolder(), "data");
        const file = join(folder, "countersign.json");
        const store = await openStore({ kind: "lowdb", file }, () => {});
        writeFileSync(`${file}.new`, "left by a crash");
        for (let n = 0; n < 2; n += 1) await store.record(aRecordRequest([aDraft()]));
        await store.probe();
        expect(modesIn(folder)).to.deep.equal({
          "countersign.json": "600",
          "countersign.json.bak": "600",
          "countersign.json.lock": "600",
        });
        expect(modeOf(folder)).to.equal("700");
        await store.close();
      });

      it("is open to its owner only: the output of commands, also over a file that was open", async () => {
        const folder = join(aFolder(), "captured");
        makePrivateFolder(folder);
        const file = join(folder, "body.txt");
        writeFileSync(file, "before");
        await writePrivate(file, "after");
        expect([modeOf(folder), modeOf(file)]).to.deep.equal(["700", "600"]);
      });
    });
  }

  for (const kind of ["sqlite", "lowdb"] as const) {
    it(`is warned about where others may read it, with the command that prevents that: ${kind}`, async () => {
      const file = join(aFolder(), "a store");
      const warnings: string[] = [];
      const open = () => openStore({ kind, file }, (message) => warnings.push(message));
      const first = await open();
      await first.record(aRecordRequest([aDraft()]));
      await first.close();
      expect(warnings).to.deep.equal([]);
      chmodSync(file, 0o640);
      await (await open()).close();
      expect(warnings.join()).to.include(`chmod 600 '${file}'`);
    });
  }

  it("is closed to others in the copies that lowdb makes of a file that was open", async () => {
    const file = join(aFolder(), "countersign.json");
    const store = await openStore({ kind: "lowdb", file }, () => {});
    await store.record(aRecordRequest([aDraft()]));
    chmodSync(file, 0o644);
    await store.record(aRecordRequest([aDraft()]));
    expect([modeOf(file), modeOf(`${file}.bak`)]).to.deep.equal(["600", "600"]);
    await store.close();
  });

  it("is warned about by `check` too, without opening the store", async () => {
    const folder = aFolder();
    const config = join(folder, "countersign.yaml");
    writeFileSync(config, "store: sqlite:./countersign.db\n");
    expect((await runCommand(["check", "--config", config])).stderr).to.equal("");
    writeFileSync(join(folder, "countersign.db"), "");
    chmodSync(join(folder, "countersign.db"), 0o644);
    expect((await runCommand(["check", "--config", config])).stderr).to.match(/chmod 600 .*countersign\.db/);
  });

  it("is not warned about where a folder is open but its files are not, nor where there is none", () => {
    const folder = aFolder();
    mkdirSync(join(folder, "open"), { mode: 0o755 });
    expect(whyNotPrivate([join(folder, "open", "none")])).to.equal(null);
  });
});
