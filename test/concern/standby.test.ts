import { expect } from "chai";
import type { ChannelSituation, ToldAlone } from "../../src/concern/situation.ts";
import { DAY_MS, HOUR_MS } from "../../src/concern/words.ts";
import { aBusyChannel, aChannel, at, type Case, concernOf, idsOf, MACHINES, NOW } from "./situations.ts";

const ALONE = "standby_alone:lumin/account";
const OVER = "standby_over:lumin/account";

const told = (given: Partial<ToldAlone> = {}): ToldAlone => ({
  type: "signer.signed",
  count: 1,
  first: NOW - 2 * HOUR_MS,
  expected: false,
  ...given,
});
const standby = (alone: readonly ToldAlone[] = [], given: Partial<ChannelSituation> = {}) => [
  aChannel({ newestGenuine: NOW, standby: { span: 3 * DAY_MS, alone }, ...given }),
];

const CASES: readonly Case[] = [
  { title: "is no concern while others tell the same", given: { channels: standby() }, expected: [] },
  {
    title: "is a concern when it tells something alone",
    given: { channels: standby([told()]) },
    expected: [ALONE],
  },
  {
    title: "is no concern for its silence, however unusual",
    given: {
      channels: [
        {
          ...aBusyChannel({ rhythm: MACHINES, until: NOW - 2 * DAY_MS }),
          standby: { span: 3 * DAY_MS, alone: [] },
        },
      ],
    },
    expected: [],
  },
  {
    title: "is no concern when nothing came since it is on standby",
    given: { channels: standby([], { newestGenuine: null, since: NOW - 2 * DAY_MS }) },
    expected: [],
  },
  {
    title: "is to be removed once it was silent for the time",
    given: { channels: standby([], { newestGenuine: NOW - 3 * DAY_MS }) },
    expected: [OVER],
  },
  {
    title: "is not to be removed a moment before",
    given: { channels: standby([], { newestGenuine: NOW - 3 * DAY_MS + 1 }) },
    expected: [],
  },
  {
    title: "is to be removed when it never told anything in that time",
    given: { channels: standby([], { newestGenuine: null, since: NOW - 4 * DAY_MS }) },
    expected: [OVER],
  },
  {
    title: "is a concern when its requests are refused, as any channel",
    given: {
      channels: standby([], {
        newestGenuine: null,
        refused: { count: 9, since: NOW - HOUR_MS, newest: NOW, check: "token" },
      }),
    },
    expected: ["refused:lumin/account"],
  },
  {
    title: "leaves the other channels as they are",
    given: {
      channels: [
        ...standby(),
        aBusyChannel({ rhythm: MACHINES, until: at("2026-03-02 12:00") }, { name: "app" }),
      ],
    },
    expected: ["silent:lumin/app"],
  },
];

describe("a channel on standby", () => {
  for (const { title, given, expected } of CASES)
    it(title, () => expect(idsOf(given)).to.deep.equal(expected));

  it("has a critical concern that names what it alone told, with counts, and the first moment", () => {
    const alone = [
      told({ count: 3 }),
      told({ type: "document.completed", first: NOW - DAY_MS }),
      told({ type: "document.sent", count: 40, expected: true }),
    ];
    const concern = concernOf({ channels: standby(alone) }, ALONE);
    expect(concern).to.include({ severity: "critical", count: 4, since: NOW - DAY_MS });
    expect(concern.sentence).to.include(
      "since 2026-03-03 12:00:00 it told 4 events that no channel that stays has told",
    );
    expect(concern.sentence).to.include("signer.signed (3), document.completed (1).");
    expect(concern.sentence).not.to.include("document.sent");
  });

  it("has a notice where no other channel has a word for what it told", () => {
    const alone = [told({ type: "document.sent", count: 2, expected: true })];
    const concern = concernOf({ channels: standby(alone) }, ALONE);
    expect(concern).to.include({ severity: "notice", count: 2 });
    expect(concern.sentence).to.include("document.sent (2), for which none of these has a word.");
  });
});
