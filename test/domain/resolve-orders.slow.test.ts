import { expect } from "chai";
import fc from "fast-check";
import { aDraft, aSigner, CRM, NEW_YEAR } from "../support/builders.ts";
import { createMemory } from "./memory.ts";
import { ordersOf } from "./orders.ts";

/** Far apart, near, within a minute, and two of three near: seconds. */
const HAPPENINGS = [
  [0, 300],
  [0, 40],
  [0, 61],
  [0, 300, 600],
  [0, 20, 40],
  [0, 40, 100],
  [0, 300, 320],
];
/** How far each channel's clock is ahead: seconds. */
const CLOCKS = [
  { batch: 0, realtime: 0 },
  { batch: 0, realtime: 3 },
  { batch: 5, realtime: 0 },
  { batch: 0, realtime: 0, upon: 0 },
  { batch: 0, realtime: 2, upon: 2 },
  { batch: 0, realtime: 3, upon: 5 },
];

describe("happenings that several channels report, in every order of arrival", () => {
  const RULES = { subscribers: [CRM], coalesce: 60_000 };
  const type = "signer.viewed";

  for (const clocks of CLOCKS) {
    const names = Object.entries(clocks).map(([name, ahead]) => `${name} +${ahead} s`);
    for (const happenings of HAPPENINGS.filter(({ length }) => length * names.length <= 6)) {
      it(`are as many events as happenings: ${happenings.join(", ")} s, by ${names.join(", ")}`, () => {
        const reports = Object.entries(clocks).flatMap(([channel, ahead]) =>
          happenings.map((at) => ({ channel, at: at + ahead })),
        );
        for (const order of ordersOf(reports)) {
          const memory = createMemory(RULES);
          for (const [index, { channel, at }] of order.entries()) {
            const draft = aDraft({ type, channel, signer: aSigner("ann"), time: NEW_YEAR + at * 1_000 });
            memory.report(draft);
            // Each is repeated: at once, or later.
            if (index % 2 === 0) memory.report(draft);
          }
          for (const { channel, at } of order.toReversed())
            memory.report(aDraft({ type, channel, signer: aSigner("ann"), time: NEW_YEAR + at * 1_000 }));
          const shown = order.map(({ channel, at }) => `${channel} ${at}`).join(", ");
          expect(memory.events, shown).to.have.length(happenings.length);
          expect(new Set(memory.events.map(({ id }) => id)), shown).to.have.length(happenings.length);
        }
      });
    }
  }

  it("are as many events as happenings in a hundred random orders of three by three", () => {
    const reports = ["batch", "realtime", "upon"].flatMap((channel, ahead) =>
      [0, 40, 80].map((at) => ({ channel, at: at + ahead * 2 })),
    );
    fc.assert(
      fc.property(fc.shuffledSubarray(reports, { minLength: 9 }), (order) => {
        const memory = createMemory(RULES);
        for (const { channel, at } of order)
          memory.report(aDraft({ type, channel, signer: aSigner("ann"), time: NEW_YEAR + at * 1_000 }));
        expect(memory.events).to.have.length(3);
      }),
    );
  });

  it("are matched exactly first when one request reports several, in any order", () => {
    for (const listed of ordersOf([0, 20, 40])) {
      for (const before of ordersOf([0, 20, 40])) {
        const memory = createMemory(RULES);
        const at = (channel: string, seconds: number) =>
          aDraft({ type, channel, signer: aSigner("ann"), time: NEW_YEAR + seconds * 1_000 });
        memory.report(at("realtime", before[0] ?? expect.fail("no time")));
        memory.report(...listed.map((seconds) => at("batch", seconds)));
        for (const seconds of before) memory.report(at("realtime", seconds));
        expect(memory.events).to.have.length(3);
      }
    }
  });
});
