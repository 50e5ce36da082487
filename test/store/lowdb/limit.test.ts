import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { type LowdbOptions, type LowdbStore, openLowdbStore } from "../../../src/store/lowdb.ts";
import { aDocument, aDraft, aReceipt, aRecordRequest, NEW_YEAR } from "../../support/builders.ts";
import { contentsOf, DAY, deliverAll, pruneAll, restoreAll } from "../filled.ts";

describe("a lowdb file that grows", () => {
  let folder: string;
  let stores: LowdbStore[];
  let warnings: string[];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "countersign-"));
    stores = [];
    warnings = [];
  });
  afterEach(async () => {
    for (const store of stores) await store.close();
    rmSync(folder, { recursive: true });
  });

  const open = async (options: Partial<LowdbOptions> = {}, name = "store.json") => {
    const file = join(folder, name);
    const warn = (message: string) => void warnings.push(message);
    const store = await openLowdbStore({ file, token: () => "token", warn, ...options });
    stores.push(store);
    return store;
  };
  const fill = async (store: LowdbStore, from: number, to: number, body = "{}") => {
    for (let n = from; n < to; n += 1) await store.record(sent(n, body));
  };
  const sent = (n: number, body = "{}") =>
    aRecordRequest([aDraft({ document: aDocument(`doc-${n}`) })], {
      receipt: aReceipt({ receivedAt: NEW_YEAR + n, body: Buffer.from(body) }),
    });
  const failureOf = (promise: Promise<unknown>) => promise.catch((error: unknown) => error);

  it("is not restored past its limits, and holds no event of the refused batch", async () => {
    const large = await open({}, "large.json");
    await fill(large, 0, 3);
    const contents = await contentsOf(large);
    for (const [limit, words] of [
      [{ maxEvents: 2 }, /is full: .* 2 events; move to sqlite/],
      [{ maxBytes: 1_000 }, /is full: .* 1,000 bytes; move to sqlite/],
    ] as const) {
      const small = await open(limit, `${Object.keys(limit)}.json`);
      const failure = await failureOf(restoreAll(small, contents));
      expect(failure).to.include({ code: "store_unavailable" });
      expect(String(failure)).to.match(words);
      expect((await contentsOf(small)).events).to.deep.equal([]);
    }
  });

  it("has capacity again after it was pruned", async () => {
    const small = await open({ maxEvents: 2 });
    await fill(small, 0, 2);
    expect(await failureOf(small.record(sent(2)))).to.include({ code: "store_unavailable" });
    await deliverAll(small, NEW_YEAR + DAY);
    await pruneAll(small, "events", NEW_YEAR + 1);
    expect((await small.record(sent(2))).events).to.have.length(1);
    expect(await failureOf(small.record(sent(3)))).to.include({ code: "store_unavailable" });
  });

  it("warns once that it is nearly full, and again only when it was not in between", async () => {
    const small = await open({ maxEvents: 10 });
    await fill(small, 0, 7);
    expect(warnings).to.deep.equal([]);
    await fill(small, 7, 10);
    expect(warnings).to.have.length(1);
    expect(warnings[0]).to.match(
      /store\.json holds 80 % of the 10 events .*: move to sqlite with `countersign export` and/,
    );
    expect(warnings[0]).to.match(/ and `countersign import`$/);
    await deliverAll(small, NEW_YEAR + DAY);
    await pruneAll(small, "events", NEW_YEAR + 5);
    expect(warnings).to.have.length(1);
    await fill(small, 10, 13);
    expect(warnings).to.have.length(2);
  });

  it("warns of its length as well, and when it is opened", async () => {
    const small = await open({ maxBytes: 20_000 });
    await fill(small, 0, 1, "x".repeat(11_000));
    expect(warnings).to.have.length(1);
    expect(warnings[0]).to.match(/holds 8\d % of the 20,000 bytes/);
    for (const store of stores.splice(0)) await store.close();
    await open({ maxBytes: 20_000 });
    expect(warnings).to.have.length(2);
  });
});
