import { expect } from "chai";
import { evaluate } from "../../src/concern/evaluate.ts";
import { KINDS } from "../../src/concern/kinds.ts";
import type { Situation } from "../../src/concern/situation.ts";
import { transitions } from "../../src/concern/transitions.ts";
import { aChannel, aDestination, aSituation, aSituationDocument, DAY, HOUR, NOW } from "./situations.ts";

const MINUTE = HOUR / 60;

/** The concerns of a situation by id, each with how harmful it is. */
const found = (changed: Partial<Situation>) =>
  evaluate(aSituation(changed)).map(({ id, severity }) => `${severity} ${id}`);

const refused = (given: { since: number; count?: number }) => ({
  refused: { count: 3, newest: NOW, check: "the signature does not match", ...given },
});
const parked = (reason: "gone" | "skipped") => ({ reason, count: 2, oldest: NOW - HOUR, newest: NOW });
const signed = { status: "signed", statusAt: NOW - 3 * DAY, role: "signer", listed: true } as const;

/** What is changed about a bridge that works, and the concerns. */
const CASES: readonly [what: string, changed: Partial<Situation>, concerns: readonly string[]][] = [
  ["nothing is wrong", { channels: [aChannel()], destinations: [aDestination()] }, []],

  [
    "a channel got nothing in its first day",
    { channels: [aChannel({ newestGenuine: null, since: NOW - DAY })] },
    ["notice unused:legalesign/realtime"],
  ],
  ["it is younger", { channels: [aChannel({ newestGenuine: null, since: NOW - DAY + 1 })] }, []],
  [
    "all requests are refused for ten minutes, and none was ever genuine",
    {
      channels: [
        aChannel({ newestGenuine: null, since: NOW - HOUR, ...refused({ since: NOW - 10 * MINUTE }) }),
      ],
    },
    ["critical refused:legalesign/realtime"],
  ],
  [
    "two are refused",
    {
      channels: [
        aChannel({ newestGenuine: null, since: NOW - HOUR, ...refused({ since: NOW - HOUR, count: 2 }) }),
      ],
    },
    [],
  ],
  [
    "a stranger knocks for an hour beside genuine requests",
    { channels: [aChannel(refused({ since: NOW - HOUR }))] },
    [],
  ],
  [
    "the refused ones go on for six hours",
    { channels: [aChannel(refused({ since: NOW - 6 * HOUR }))] },
    ["critical refused:legalesign/realtime"],
  ],
  [
    "nothing came for longer than `expectEvery`",
    { channels: [aChannel({ expectEvery: HOUR, newestGenuine: NOW - HOUR - 1 })] },
    ["critical silent:legalesign/realtime"],
  ],
  ["for just as long", { channels: [aChannel({ expectEvery: HOUR, newestGenuine: NOW - HOUR })] }, []],
  [
    "for longer, but the bridge did not run meanwhile",
    {
      channels: [aChannel({ expectEvery: HOUR, newestGenuine: NOW - 2 * HOUR })],
      lastStop: { from: NOW - 2 * HOUR, until: NOW - HOUR },
    },
    ["notice outage:legalesign"],
  ],
  [
    "the batch stays away while realtime tells three times",
    {
      channels: [
        aChannel({ name: "batch", newestGenuine: NOW - 8 * HOUR }),
        aChannel({
          tallies: [5, 4, 3].map((ago) => {
            return {
              hour: NOW - ago * HOUR,
              outcome: "accepted",
              count: 1,
              newest: NOW - ago * HOUR,
            } as const;
          }),
        }),
      ],
    },
    ["critical batch_overdue:legalesign/batch"],
  ],
  [
    "the batch stays away, and nobody tells anything",
    { channels: [aChannel({ name: "batch", newestGenuine: NOW - 8 * HOUR }), aChannel()] },
    [],
  ],
  [
    "requests could not be read",
    { channels: [aChannel({ problems: { count: 2, oldest: NOW - HOUR, newest: NOW } })] },
    ["warning unreadable:legalesign/realtime"],
  ],
  [
    "a word is in no mapping",
    {
      channels: [aChannel()],
      unknownWords: [
        { source: "legalesign", word: "4711", object: "document", count: 1, first: NOW, newest: NOW },
      ],
    },
    ["notice unknown_word:legalesign"],
  ],

  [
    "deliveries are parked",
    { destinations: [aDestination({ parked: [parked("gone")] })] },
    ["critical parked:crm/gone"],
  ],
  [
    "deliveries are parked since an operator skipped them",
    { destinations: [aDestination({ parked: [parked("skipped")] })] },
    ["notice parked:crm/skipped"],
  ],
  [
    "a breaker is open for more than an hour",
    {
      destinations: [
        aDestination({ open: 3, oldest: NOW - HOUR, breaker: { since: NOW - HOUR - 1, failures: 12 } }),
      ],
    },
    ["critical breaker_open:crm"],
  ],
  [
    "it is open for an hour",
    {
      destinations: [
        aDestination({ open: 3, oldest: NOW - HOUR, breaker: { since: NOW - HOUR, failures: 12 } }),
      ],
    },
    [],
  ],
  [
    "a pause with waiting deliveries lasts for more than an hour",
    {
      destinations: [
        aDestination({ open: 1, oldest: NOW, paused: { at: NOW - HOUR - 1, reason: "moving" } }),
      ],
    },
    ["warning paused:crm"],
  ],
  [
    "nothing waits for it",
    { destinations: [aDestination({ paused: { at: NOW - HOUR - 1, reason: "moving" } })] },
    ["notice paused:crm"],
  ],
  [
    "the oldest delivery waits longer than `waitingLimit`",
    { destinations: [aDestination({ open: 1, oldest: NOW - HOUR - 1, waitingLimit: HOUR })] },
    ["warning waiting:crm"],
  ],
  [
    "it waits for just as long",
    { destinations: [aDestination({ open: 1, oldest: NOW - HOUR, waitingLimit: HOUR })] },
    [],
  ],

  [
    "a document is under way for longer than `stuckAfter`",
    { documents: [aSituationDocument({ sentAt: NOW - 14 * DAY })] },
    ["notice document_stuck:legalesign"],
  ],
  ["for less", { documents: [aSituationDocument({ sentAt: NOW - 14 * DAY + 1 })] }, []],
  [
    "a document expired two days ago, and no end was told",
    { documents: [aSituationDocument({ expiresAt: NOW - 2 * DAY })] },
    ["warning document_expired:legalesign"],
  ],
  [
    "all have signed, and it is not completed",
    { documents: [aSituationDocument({ status: "in_progress", signers: [signed] })] },
    ["warning document_not_completed:legalesign"],
  ],
  [
    "one has signed, and another has not",
    {
      documents: [
        aSituationDocument({ status: "in_progress", signers: [signed, { ...signed, status: "sent" }] }),
      ],
    },
    [],
  ],
];

describe("the rules for what needs a person", () => {
  for (const [what, changed, concerns] of CASES)
    it(`${concerns.length === 0 ? "find nothing" : `find ${concerns.join(", ")}`} when ${what}`, () => {
      expect(found(changed)).to.deep.equal(concerns);
    });

  it("put the most harmful first, and of those the oldest", () => {
    const concerns = found({
      channels: [aChannel({ problems: { count: 1, oldest: NOW, newest: NOW } })],
      destinations: [
        aDestination({ name: "crm", parked: [parked("gone")] }),
        aDestination({ name: "erp", parked: [{ ...parked("gone"), oldest: NOW - DAY }] }),
      ],
    });
    expect(concerns).to.deep.equal([
      "critical parked:erp/gone",
      "critical parked:crm/gone",
      "warning unreadable:legalesign/realtime",
    ]);
  });

  it("gather many documents in one concern that counts them and names few", () => {
    const documents = Array.from({ length: 500 }, (_, n) =>
      aSituationDocument({ id: `d${n}`, sentAt: NOW - 20 * DAY - n }),
    );
    const [concern, ...others] = evaluate(aSituation({ documents }));
    expect(others).to.deep.equal([]);
    expect(concern).to.include({ id: "document_stuck:legalesign", count: 500 });
    expect(concern?.subject.documents?.length).to.be.lessThan(10);
    expect(concern?.sentence).to.include("500 documents").and.include("d499");
  });

  it("fill in every sentence, advice and command", () => {
    for (const [, changed] of CASES)
      for (const { sentence, advice, command, ends } of evaluate(aSituation(changed)))
        for (const text of [sentence, advice, command ?? "", ends])
          expect(text).to.not.match(/[{}]|undefined|null|NaN/);
  });

  it("have a promise, an advice and an end for every kind", () => {
    for (const [kind, { named, advice, ends }] of Object.entries(KINDS))
      for (const text of [named, advice, ends]) expect(text, kind).to.not.equal("");
  });
});

describe("the transitions between two looks", () => {
  const gone = (count: number) =>
    evaluate(aSituation({ destinations: [aDestination({ parked: [{ ...parked("gone"), count }] })] }));
  const changes = (before: ReturnType<typeof gone>, now: ReturnType<typeof gone>) =>
    transitions(before, now).map(({ change, concern }) => `${change} ${concern.id}`);

  it("are what began, what is worse by a digit, and what is over", () => {
    expect(changes([], gone(2))).to.deep.equal(["begun parked:crm/gone"]);
    expect(changes(gone(2), gone(9))).to.deep.equal([]);
    expect(changes(gone(9), gone(10))).to.deep.equal(["worse parked:crm/gone"]);
    expect(changes(gone(2), [])).to.deep.equal(["over parked:crm/gone"]);
  });
});
