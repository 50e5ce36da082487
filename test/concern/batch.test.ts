import { expect } from "chai";
import type { ChannelSituation } from "../../src/concern/situation.ts";
import { aBusyChannel, at, type Case, concernOf, idsOf, OFFICE, talliesOf } from "./situations.ts";

const OVERDUE = "batch_overdue:legalesign/batch";
const batch = (until: string) =>
  aBusyChannel({ until: at(until) }, { source: "legalesign", provider: "legalesign", name: "batch" });
const realtime = (until: string, given: Partial<ChannelSituation> = {}) =>
  aBusyChannel(
    { until: at(until) },
    { source: "legalesign", provider: "legalesign", name: "realtime", ...given },
  );

const BATCHES: readonly Case[] = [
  {
    title: "is overdue once another channel of the source told something for two hours after its last",
    given: { channels: [batch("2026-03-04 09:59"), realtime("2026-03-04 11:55")] },
    expected: [OVERDUE],
  },
  {
    title: "is not overdue before two hours",
    given: { channels: [batch("2026-03-04 10:05"), realtime("2026-03-04 11:55")] },
    expected: [],
  },
  {
    title: "is overdue in the morning after a night in which another channel told something",
    given: {
      now: at("2026-03-04 07:00"),
      channels: [
        batch("2026-03-03 16:59"),
        realtime("2026-03-04 03:30", {
          tallies: [
            ...talliesOf(OFFICE, at("2026-01-07 00:00"), at("2026-03-03 16:59")),
            ...talliesOf(() => 3, at("2026-03-04 03:00"), at("2026-03-04 03:30")),
          ],
        }),
      ],
    },
    expected: [OVERDUE],
  },
  {
    title: "is not overdue in the morning after a night in which nothing happened",
    given: {
      now: at("2026-03-04 08:00"),
      channels: [batch("2026-03-03 16:59"), realtime("2026-03-03 16:59")],
    },
    expected: [],
  },
  {
    title: "is not overdue where the other channel told two requests, which may be of no batch",
    given: {
      now: at("2026-03-04 07:00"),
      channels: [
        batch("2026-03-03 16:59"),
        realtime("2026-03-04 03:30", {
          tallies: [
            ...talliesOf(OFFICE, at("2026-01-07 00:00"), at("2026-03-03 16:59")),
            ...talliesOf(() => 2, at("2026-03-04 03:00"), at("2026-03-04 03:30")),
          ],
        }),
      ],
    },
    expected: [],
  },
  {
    title: "is not overdue any more once it has come",
    given: { channels: [batch("2026-03-04 11:54"), realtime("2026-03-04 11:55")] },
    expected: [],
  },
  {
    title: "is silent like any other channel, where the source has no other",
    given: { now: at("2026-03-04 14:59"), channels: [batch("2026-03-04 10:59")] },
    expected: ["silent:legalesign/batch"],
  },
  {
    title: "is silent beside the other channel, where both stop",
    given: {
      now: at("2026-03-04 14:59"),
      channels: [batch("2026-03-04 10:59"), realtime("2026-03-04 10:59")],
    },
    expected: ["silent:legalesign/batch", "silent:legalesign/realtime"],
  },
];

describe("the batch of Legalesign", () => {
  for (const { title, given, expected } of BATCHES)
    it(title, () => expect(idsOf(given)).to.deep.equal(expected));

  it("says how much another channel told since", () => {
    const channels = [batch("2026-03-04 09:59"), realtime("2026-03-04 11:55")];
    const { sentence, since } = concernOf({ channels }, OVERDUE);
    expect(sentence).to.equal(
      "The batch to legalesign/batch is overdue: its last came at 2026-03-04 09:59:00, it should come every 6 minutes while there is something to tell, and since then other channels of legalesign told 12 requests.",
    );
    expect(since).to.equal(at("2026-03-04 09:59"));
  });
});
