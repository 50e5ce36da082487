import { expect } from "chai";
import type { NoteChange } from "../../src/store/port/notes.ts";
import type { Store } from "../../src/store/store.ts";

const RUN: NoteChange = { kind: "run", key: "b", version: 0, value: { from: 1, until: 2 } };

/** What the bridge notes of itself, on each adapter. `open` returns an empty store. */
export function describeNotes(name: string, open: () => Promise<Store>): void {
  describe(`the notes of the ${name} store`, () => {
    let store: Store;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store.close());

    it("are there by kind, sorted by key, as they were noted", async () => {
      const value = { texts: ["später 🙏", null], deep: { at: 9_007_199_254_740_991, is: true } };
      expect(await store.changeNotes([RUN, { ...RUN, key: "a", value }])).to.equal(true);
      expect(await store.changeNotes([{ ...RUN, kind: "other" }])).to.equal(true);
      expect(await store.notes("run")).to.deep.equal([
        { kind: "run", key: "a", version: 1, value },
        { kind: "run", key: "b", version: 1, value: RUN.value },
      ]);
      expect(await store.notes("none")).to.deep.equal([]);
    });

    it("are changed and removed by whoever knows their version, which grows", async () => {
      await store.changeNotes([RUN]);
      expect(await store.changeNotes([{ ...RUN, version: 1, value: { from: 3 } }])).to.equal(true);
      expect(await store.notes("run")).to.deep.equal([{ ...RUN, version: 2, value: { from: 3 } }]);
      expect(await store.changeNotes([{ ...RUN, version: 2, value: null }])).to.equal(true);
      expect(await store.notes("run")).to.deep.equal([]);
      expect(await store.changeNotes([RUN])).to.equal(true);
      expect(await store.notes("run")).to.deep.equal([{ ...RUN, version: 1 }]);
    });

    const OUTDATED: readonly [what: string, change: NoteChange][] = [
      ["new, and is there", RUN],
      ["of an earlier version", { ...RUN, version: 1, value: { from: 9 } }],
      ["of a later version", { ...RUN, version: 3, value: { from: 9 } }],
      ["to be removed in another version", { ...RUN, version: 1, value: null }],
      ["to be changed, and is not there", { ...RUN, key: "none", version: 1 }],
      ["to be removed, and is not there", { ...RUN, key: "none", version: 1, value: null }],
    ];
    for (const [what, change] of OUTDATED)
      it(`are all left as they are where one of them is ${what}`, async () => {
        await store.changeNotes([RUN]);
        await store.changeNotes([{ ...RUN, version: 1, value: { from: 3 } }]);
        const others: NoteChange[] = [
          { ...RUN, key: "a" },
          { ...RUN, key: "z" },
        ];
        const [first, last] = others;
        for (const changes of [
          [change, ...others],
          [...others, change],
        ])
          expect(await store.changeNotes(changes)).to.equal(false);
        expect(await store.notes("run")).to.deep.equal([{ ...RUN, version: 2, value: { from: 3 } }]);
        expect(await store.changeNotes([first, last].flatMap((one) => one ?? []))).to.equal(true);
      });

    it("go to one of several who note the same at once", async () => {
      const results = await Promise.all(
        [1, 2, 3, 4].map((from) => store.changeNotes([{ ...RUN, value: { from } }])),
      );
      expect(results.filter((done) => done)).to.have.length(1);
      const again = await Promise.all(
        [5, 6, 7, 8].map((from) => store.changeNotes([{ ...RUN, version: 1, value: { from } }])),
      );
      expect(again.filter((done) => done)).to.have.length(1);
    });
  });
}
