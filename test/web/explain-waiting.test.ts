import { expect } from "chai";
import { tidy } from "../support/bridge.ts";
import { aDraft, aRecordRequest, NEW_YEAR } from "../support/builders.ts";
import { only } from "../support/only.ts";
import { aDelivery, firstLine, LATER, lineAfter, MINUTE, SECOND, SENDING } from "./explaining.ts";

const REPLAY = "`countersign replay --destination crm --document doc-1` sends what is parked again";

describe("the line of a parked delivery", () => {
  afterEach(tidy);

  const BY_ATTEMPT = {
    schedule_exhausted: [
      { status: 503, answer: "busy" },
      "parked at 00:00:02 after 1 attempt: schedule exhausted, last: 503 “busy”",
    ],
    gone: [{ status: 410 }, "parked at 00:00:02 after 1 attempt: 410 Gone"],
    rejected: [
      { status: 422, answer: "no" },
      "parked at 00:00:02 after 1 attempt: 422 “no”, which `parkOn` names",
    ],
  } as const;
  for (const [reason, [attempt, words]] of Object.entries(BY_ATTEMPT))
    it(`gives the reason and the command that replays it: ${reason}`, async () => {
      const outcome = { status: "parked", reason: reason as keyof typeof BY_ATTEMPT } as const;
      expect(await lineAfter(attempt, outcome)).to.equal(`${words} [${REPLAY}.]`);
    });

  it("says that its format does not support the event, and that another format could", async () => {
    const { lease, store, explain, event } = await aDelivery();
    const [{ token } = { token: "" }] = await lease(NEW_YEAR);
    const outcome = { status: "parked", reason: "unsupported_by_format" } as const;
    await store.settle({ token, attempt: null, outcome, at: NEW_YEAR });
    expect(firstLine(await explain(event))).to.equal(
      "parked: the format of crm cannot express this event, nothing was sent " +
        `[With another \`format\` of crm, ${REPLAY}.]`,
    );
  });

  it("says that an operator skipped it", async () => {
    const { store, attempt, explain, event, delivery } = await aDelivery();
    await attempt({ status: 503 }, LATER);
    await store.skip(delivery, NEW_YEAR + MINUTE);
    expect(firstLine(await explain(event))).to.equal(
      `parked: a person skipped it after 1 attempt [${REPLAY}.]`,
    );
  });

  it("says that its destination was removed, and that one of that name could get it", async () => {
    const { store, explain, event } = await aDelivery();
    await store.parkRemoved([], NEW_YEAR);
    expect(firstLine(await explain(event, { state: null }))).to.equal(
      `parked: crm was not configured any more [Once there is a destination of that name, ${REPLAY}.]`,
    );
  });

  it("names what ends a pause before the replay can help", async () => {
    const { attempt, explain, event } = await aDelivery();
    await attempt({ status: 410 }, { status: "parked", reason: "gone" });
    const paused = { at: NEW_YEAR, reason: "it answered 410 Gone" };
    expect(firstLine(await explain(event, { state: { ...SENDING, paused } }))).to.include(
      "sends what is parked again once `countersign resume crm` lets it go on.]",
    );
  });

  it("omits the document from the command where its id has characters of the shell", async () => {
    for (const document of ["a b", "$(halt)", "--all", "a;b", "`x`"]) {
      const { attempt, explain, event } = await aDelivery(document);
      await attempt({ status: 410 }, { status: "parked", reason: "gone" });
      expect(firstLine(await explain(event)), document).to.include(
        "[`countersign replay --destination crm` sends",
      );
    }
  });

  it("says after how many attempts it was replayed, whatever followed", async () => {
    const { store, attempt, explain, event } = await aDelivery();
    await attempt({ status: 503 }, { status: "parked", reason: "schedule_exhausted" });
    const due = { now: NEW_YEAR + MINUTE, spacing: 0 };
    await store.replay({ destination: "crm", status: "parked" }, { limit: 10 }, due);
    expect(firstLine(await explain(event))).to.match(
      /^pending: attempt 2 at .*, replayed after 1 attempt \[/,
    );
    await attempt({ number: 2, startedAt: due.now }, { status: "delivered" });
    expect(firstLine(await explain(event))).to.equal(
      "delivered after 2 attempts at 00:01:02 (200), replayed after 1 attempt",
    );
  });
});

describe("the line of a held delivery", () => {
  afterEach(tidy);

  /** Two events of one document, the first of which waits for its second attempt. */
  async function heldBehind() {
    const { store, attempt, ...explainer } = await aDelivery();
    await attempt({ status: 422, answer: "no such case" }, LATER);
    const draft = aDraft({ type: "document.completed", time: NEW_YEAR + SECOND });
    const { events } = await store.record(aRecordRequest([draft]));
    return { ...explainer, store, attempt, held: only(events).id };
  }

  it("names the row that it waits for", async () => {
    const { explain } = await heldBehind();
    const { rows } = (await explain("doc-1")).summary;
    expect(rows.map(({ label, deliveries }) => [label, deliveries[0]?.text])).to.deep.equal([
      [1, "pending: attempt 2 at 00:05:00 (in 4m), last: 422 “no such case” [1]"],
      [2, "held behind 1"],
    ]);
  });

  it("names the event that it waits for, its attempts and last answer, and how to get past it", async () => {
    const { explain, event, held, delivery } = await heldBehind();
    expect(firstLine(await explain(held))).to.equal(
      `held behind document.sent (${event}), 1 attempt, last: 422 “no such case” ` +
        `[\`countersign explain ${delivery}\` tells more, and ` +
        `\`countersign skip ${delivery}\` gives it up, so that the next goes.]`,
    );
  });

  it("says that the one before it is being attempted", async () => {
    const { explain, event, held, lease } = await heldBehind();
    await lease(LATER.dueAt);
    expect(firstLine(await explain(held, { now: LATER.dueAt }))).to.equal(
      `held behind document.sent (${event}), which is being attempted`,
    );
  });

  it("says of a paused destination that it is paused", async () => {
    const { explain, held } = await heldBehind();
    const state = { ...SENDING, paused: { at: NEW_YEAR, reason: "moving house" } };
    expect(firstLine(await explain(held, { state }))).to.include("held: crm is paused [crm is paused since");
  });

  it("asks the store once for all deliveries that wait for the same one", async () => {
    const { explain, store } = await heldBehind();
    for (const nth of [1, 2, 3])
      await store.record(
        aRecordRequest([aDraft({ type: "document.failed", time: NEW_YEAR + nth * MINUTE })]),
      );
    let asked = 0;
    const { findBlocking } = store;
    store.findBlocking = (id) => {
      asked += 1;
      return findBlocking(id);
    };
    const { rows } = (await explain("doc-1")).summary;
    expect(rows.filter(({ deliveries }) => deliveries[0]?.text === "held behind 1")).to.have.length(4);
    expect(asked).to.equal(1);
  });
});
