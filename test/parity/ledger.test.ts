import { expect } from "chai";
import { receiptId } from "../../src/domain/identity.ts";
import { createLedger } from "../../src/parity/ledger.ts";
import { createRequestList } from "../../src/parity/request-list.ts";
import { sortRows } from "../../src/parity/sort.ts";
import { createChance } from "../../src/simulate/chance.ts";
import { aDocument, aDraft, aSigner, NEW_YEAR } from "../support/builders.ts";

describe("the list of requests", () => {
  it("gives back every id, whether it has the usual form or not", () => {
    const chance = createChance("ids");
    const requests = createRequestList();
    const ids = Array.from({ length: 200 }, (_, n) =>
      n % 7 === 0
        ? `rcp_other-${n}`
        : receiptId(
            NEW_YEAR + n,
            Uint8Array.from({ length: 10 }, () => chance.int(0, 255)),
          ),
    );
    for (const [n, id] of ids.entries()) requests.push({ id, channel: n % 3, receivedAt: NEW_YEAR + n });
    expect(ids.map((_, n) => requests.at(n))).to.deep.equal(
      ids.map((id, n) => ({ id, channel: n % 3, receivedAt: NEW_YEAR + n })),
    );
  });
});

describe("sorting rows", () => {
  it("goes by the hash, and by the comparison where hashes are equal", () => {
    const chance = createChance("rows");
    const hashes = Array.from({ length: 5_000 }, () => chance.int(0, 2_000) * 2_147_483);
    const keys = hashes.map(() => chance.int(0, 9));
    const hashOf = (row: number) => hashes[row] ?? 0;
    const compare = (a: number, b: number) => (keys[a] ?? 0) - (keys[b] ?? 0) || a - b;
    const expected = [...hashes.keys()].sort((a, b) => hashOf(a) - hashOf(b) || compare(a, b));
    expect([...sortRows(hashes.length, hashOf, compare)]).to.deep.equal(expected);
  });
});

describe("the ledger of tellings", () => {
  const ALL = 2 ** 20 - 1;
  const request = (receivedAt: number) => ({ id: `rcp_${receivedAt}`, channel: 0, receivedAt });

  it("leads from each row back to its request and draft, past requests that tell nothing", () => {
    const ledger = createLedger(ALL);
    ledger.add(request(1), [aDraft(), aDraft({ type: "document.completed" })]);
    ledger.add(request(2), []);
    ledger.add(request(3), [aDraft({ type: "document.created" })]);
    expect([0, 1, 2].map(ledger.row)).to.deep.equal([
      { request: 0, draft: 0 },
      { request: 0, draft: 1 },
      { request: 2, draft: 0 },
    ]);
    expect(ledger.receivedAt(2)).to.equal(3);
  });

  it("finds the document of a signer that a row names without it, told with it or in a list", () => {
    const ledger = createLedger(ALL);
    const alone = (id: string) => aDraft({ type: "signer.signed", document: null, signer: aSigner(id) });
    ledger.add(request(1), [alone("ann"), alone("bob"), alone("cid")]);
    ledger.add(request(2), [
      aDraft({ type: "signer.viewed", document: aDocument("d1"), signer: aSigner("ann") }),
      aDraft({ document: aDocument("d2"), signers: [aSigner("bob")] }),
    ]);
    expect([...ledger.naming([0, 1, 2, 3])]).to.deep.equal([
      [0, 3],
      [1, 4],
    ]);
  });
});
