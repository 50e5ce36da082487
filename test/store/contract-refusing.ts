import { createHash } from "node:crypto";
import { expect } from "chai";
import fc from "fast-check";
import { EVENT_TYPES } from "../../src/domain/event.ts";
import type { RecordRequest } from "../../src/store/port/inbox.ts";
import type { Store } from "../../src/store/store.ts";
import { aDocument, aDraft, aReceipt, aRecordRequest, aSigner, NEW_YEAR } from "../support/builders.ts";

const SEED = 20_261_127;
const PAGE = { limit: 1_000 };

/** Text that cannot be compressed. */
function noise(length: number): string {
  let text = "";
  for (let n = 0; text.length < length; n += 1) text += createHash("sha512").update(`${n}`).digest("base64");
  return text.slice(0, length);
}

/** Whatever a payload can give: any characters, and far longer than anybody means it. */
const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.constantFrom("", "\0", "\ud800", "a\n/b", "%s'\"\\"),
  fc.integer({ min: 500, max: 20_000 }).map(noise),
);
const orNull = <T>(given: fc.Arbitrary<T>) => fc.option(given, { freq: 3 });
const anyDraft = fc
  .record({
    type: fc.constantFrom(...EVENT_TYPES),
    time: orNull(fc.integer({ min: 0, max: Date.UTC(9999, 11, 31) })),
    document: orNull(
      fc.record({
        id: anyText,
        title: orNull(anyText),
        tags: orNull(fc.array(anyText, { maxLength: 3 })),
        references: orNull(fc.dictionary(fc.string(), anyText, { maxKeys: 3 })),
        test: orNull(fc.boolean()),
        expiresAt: orNull(fc.integer({ min: 0, max: Date.UTC(9999, 11, 31) })),
      }),
    ),
    signer: orNull(anyText.map((id) => aSigner(id))),
    signers: fc.array(
      anyText.map((id) => aSigner(id, { name: id, email: id })),
      { maxLength: 3 },
    ),
    code: fc.record({
      object: orNull(anyText),
      value: anyText,
      name: orNull(anyText),
      meaning: fc.constant(null),
    }),
    digest: anyText,
  })
  .map((given) => aDraft(given));

/** What becomes of a request whose values a database may not be able to hold. */
export function describeRefusing(name: string, open: () => Promise<Store>): void {
  describe(`the ${name} store, given what it may not be able to hold`, () => {
    let store: Store;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store.close());

    async function expectKept(recording: RecordRequest): Promise<void> {
      const { receipt } = recording;
      const { refused, events } = await store.record(recording);
      const kept = await store.findReceipt(receipt.id);
      expect(kept?.body && Buffer.from(kept.body)).to.deep.equal(Buffer.from(receipt.body));
      if (!refused) return;
      expect(events).to.deep.equal([]);
      expect(kept?.events).to.deep.equal([]);
      expect(kept?.problems.at(-1)).to.deep.equal(refused);
    }

    /** Of an event that no database takes: a column that must have a value has none. */
    function unkeepable(receipt = aReceipt()): RecordRequest {
      const recording = aRecordRequest([aDraft({ document: aDocument("unkeepable") })], { receipt });
      return {
        ...recording,
        resolve(known) {
          const resolved = recording.resolve(known);
          return { ...resolved, events: resolved.events.map((one) => ({ ...one, at: null as never })) };
        },
      };
    }

    it("keeps the bytes of every request, whatever it tells", async function () {
      this.timeout(60_000);
      const property = fc.asyncProperty(
        fc.array(anyDraft, { maxLength: 3 }),
        fc.dictionary(fc.string(), anyText, { maxKeys: 3 }),
        anyText,
        async (drafts, headers, query) =>
          expectKept(aRecordRequest(drafts, { receipt: aReceipt({ headers, query }) })),
      );
      await fc.assert(property, { seed: SEED, numRuns: 100 });
    });

    it("keeps the bytes of a request that tells of a document or a signer with an id of any length", async () => {
      const id = noise(20_000);
      await expectKept(aRecordRequest([aDraft({ document: aDocument(id) })]));
      await expectKept(
        aRecordRequest([aDraft({ type: "signer.signed", document: null, signer: aSigner(id) })]),
      );
      await expectKept(aRecordRequest([aDraft({ type: "signer.signed", signer: aSigner(id) })]));
    });

    it("keeps others recorded at the same moment wholly", async () => {
      const good = Array.from({ length: 20 }, (_, n) =>
        aRecordRequest([aDraft({ document: aDocument(`d${n}`) })]),
      );
      const [first, ...rest] = await Promise.all([
        expectKept(unkeepable()),
        ...good.map((recording) => store.record(recording)),
      ]);
      expect(first).to.equal(undefined);
      expect(rest.map((one) => one?.events.length)).to.deep.equal(good.map(() => 1));
      expect((await store.findReceipts({}, PAGE)).items).to.have.length(21);
    });

    it("reads it again once that is solved, and the problem is gone", async () => {
      const receipt = aReceipt({ receivedAt: NEW_YEAR });
      const { refused } = await store.record(unkeepable(receipt));
      const { refused: again } = await store.amend(unkeepable(receipt));
      expect(again).to.deep.equal(refused);
      if (name !== "lowdb") expect(refused?.message).to.match(/cannot hold what this request reports/);
      const solved = await store.amend(aRecordRequest([aDraft()], { receipt }));
      expect(solved.events).to.have.length(1);
      expect((await store.findReceipt(receipt.id))?.problems).to.deep.equal([]);
    });
  });
}
