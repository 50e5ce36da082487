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

/** Any text that a payload may hold: arbitrary characters, and far longer than is usual. */
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

/** Requests with values that a database may not be able to hold. */
export function describeRefusing(name: string, open: () => Promise<Store>): void {
  describe(`the ${name} store, given values that it may not be able to hold`, () => {
    let store: Store;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store.close());

    /** Returns whether only the bytes could be stored. */
    async function expectStored(request: RecordRequest): Promise<boolean> {
      const { receipt } = request;
      const { refused, events } = await store.record(request);
      const stored = await store.findReceipt(receipt.id);
      expect(stored?.body && Buffer.from(stored.body)).to.deep.equal(Buffer.from(receipt.body));
      if (!refused) return false;
      expect(events).to.deep.equal([]);
      expect(stored?.events).to.deep.equal([]);
      expect(stored?.problems.at(-1)).to.deep.equal(refused);
      return true;
    }

    /** A request for an event that no database can hold: a required column has no value. */
    function unstorable(receipt = aReceipt()): RecordRequest {
      const request = aRecordRequest([aDraft({ document: aDocument("unstorable") })], { receipt });
      return {
        ...request,
        resolve(known) {
          const resolved = request.resolve(known);
          return { ...resolved, events: resolved.events.map((one) => ({ ...one, at: null as never })) };
        },
      };
    }

    it("stores the bytes of every request, whatever it reports", async function () {
      this.timeout(60_000);
      const property = fc.asyncProperty(
        fc.array(anyDraft, { maxLength: 3 }),
        fc.dictionary(fc.string(), anyText, { maxKeys: 3 }),
        anyText,
        async (drafts, headers, query) =>
          void (await expectStored(aRecordRequest(drafts, { receipt: aReceipt({ headers, query }) }))),
      );
      await fc.assert(property, { seed: SEED, numRuns: 50 });
    });

    it("stores the bytes of requests with long ids of documents and signers", async () => {
      const id = noise(20_000);
      await expectStored(aRecordRequest([aDraft({ document: aDocument(id) })]));
      await expectStored(
        aRecordRequest([aDraft({ type: "signer.signed", document: null, signer: aSigner(id) })]),
      );
      await expectStored(aRecordRequest([aDraft({ type: "signer.signed", signer: aSigner(id) })]));
    });

    it("stores all other requests of the same batch completely", async () => {
      const good = Array.from({ length: 20 }, (_, n) =>
        aRecordRequest([aDraft({ document: aDocument(`d${n}`) })]),
      );
      const [refused, recorded] = await Promise.all([
        expectStored(unstorable()),
        Promise.all(good.map((request) => store.record(request))),
      ]);
      expect(refused).to.equal(true);
      expect(recorded.map(({ events }) => events.length)).to.deep.equal(good.map(() => 1));
      expect((await store.findReceipts({}, PAGE)).items).to.have.length(21);
    });

    it("amends the receipt once the cause is fixed, and its problem is gone", async () => {
      const receipt = aReceipt({ receivedAt: NEW_YEAR });
      const { refused } = await store.record(unstorable(receipt));
      const { refused: again } = await store.amend(unstorable(receipt));
      expect(again).to.deep.equal(refused);
      expect(refused?.message).to.match(/cannot hold what this request reports/);
      const solved = await store.amend(aRecordRequest([aDraft()], { receipt }));
      expect(solved.events).to.have.length(1);
      expect((await store.findReceipt(receipt.id))?.problems).to.deep.equal([]);
    });
  });
}
