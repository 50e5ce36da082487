import { expect } from "chai";
import type { Attempt, AttemptCause, Outcome } from "../../src/domain/delivery.ts";
import { PAUSED_BY_CONFIGURATION } from "../../src/domain/destination.ts";
import type { DestinationState } from "../../src/store/port/control.ts";
import { tidy } from "../bridge.ts";
import { aDocument, aDraft, aRecording, CRM, NEW_YEAR } from "../builders.ts";
import { createScene, firstLine, MINUTE, SECOND, SENDING } from "./explaining.ts";

const LATER: Outcome = { status: "pending", dueAt: NEW_YEAR + 5 * MINUTE };
const REPLAY = "`countersign replay --destination crm --document doc-1` sends what is parked again";

/** A scene with an event to crm, and the ids. */
async function aDelivery(document = "doc-1", ordering: "document" | "none" = "document") {
  const scene = createScene();
  const draft = aDraft({ document: aDocument(document), time: NEW_YEAR - SECOND });
  const { events } = await scene.store.record(aRecording([draft], { subscribers: [{ ...CRM, ordering }] }));
  const event = events[0]?.id ?? "";
  const [delivery] = (await scene.store.findEvent(event))?.deliveries ?? [];
  return { ...scene, event, delivery: delivery?.id ?? "" };
}

/** The line after one attempt. */
async function lineAfter(given: Partial<Attempt>, outcome: Outcome): Promise<string> {
  const { attempt, explain, event } = await aDelivery();
  await attempt(given, outcome);
  return firstLine(await explain(event));
}

describe("the line of a delivery", () => {
  afterEach(tidy);

  it("says after how many attempts it was delivered, when, and with which status", async () => {
    const { attempt, explain, event } = await aDelivery();
    await attempt({ status: 503 }, LATER);
    await attempt({ number: 2, startedAt: LATER.dueAt, status: 204 }, { status: "delivered" });
    expect(firstLine(await explain(event))).to.equal("delivered after 2 attempts at 00:05:02 (204)");
  });

  it("shows the day where it is not that of the receipt", async () => {
    const startedAt = NEW_YEAR + 26 * 60 * MINUTE;
    expect(await lineAfter({ startedAt }, { status: "delivered" })).to.equal(
      "delivered after 1 attempt at 2026-01-02 02:00:02 (200)",
    );
  });

  it("says that attempts are not kept any more, once they were removed", async () => {
    const { attempt, explain, event, store } = await aDelivery();
    await attempt({}, { status: "delivered" });
    await store.prune({ table: "attempts", before: NEW_YEAR + MINUTE, limit: 10 });
    expect(firstLine(await explain(event))).to.equal(
      "delivered after 1 attempt [Its attempts are not kept any more.]",
    );
  });

  it("says when the first attempt is due", async () => {
    const { explain, event } = await aDelivery();
    expect(firstLine(await explain(event))).to.equal("pending: first attempt at 00:00:00 (now)");
  });

  it("says when the next attempt is due, what was answered last, and how later events get past it", async () => {
    const { attempt, explain, event, delivery } = await aDelivery();
    await attempt({ status: 503, answer: "busy" }, LATER);
    expect(firstLine(await explain(event))).to.equal(
      "pending: attempt 2 at 00:05:00 (in 4m), last: 503 “busy” " +
        `[Later events of the document wait for it; \`countersign skip ${delivery}\` gives it up, so that the next goes.]`,
    );
  });

  it("says nothing of later events where the destination takes them in any order", async () => {
    const { attempt, explain, event } = await aDelivery("doc-1", "none");
    await attempt({ status: 503 }, LATER);
    expect(firstLine(await explain(event))).to.equal("pending: attempt 2 at 00:05:00 (in 4m), last: 503");
  });

  const CAUSES: Readonly<Record<Exclude<AttemptCause, "answered" | "blocked" | "unencodable">, string>> = {
    timeout: "no answer (timeout)",
    dns: "no answer (dns)",
    refused: "no answer (refused)",
    reset: "no answer (reset)",
    tls: "no answer (tls)",
    proxy: "no answer (proxy)",
    interrupted: "no answer (interrupted)",
    other: "no answer (other)",
  };
  for (const [cause, words] of Object.entries(CAUSES) as [AttemptCause, string][])
    it(`says of an attempt that ended with ${cause} that there was no answer`, async () => {
      const line = await lineAfter({ cause, status: null, answer: "its own words" }, LATER);
      expect(line).to.include(`, last: ${words} “its own words” [`);
    });

  it("says of an address that the network rules refuse that it is never connected to", async () => {
    const line = await lineAfter({ cause: "blocked", status: null }, LATER);
    expect(line)
      .to.include("last: no answer (blocked)")
      .and.include("[crm has an address that is never connected to, or that its `network` refuses.]");
  });

  it("says of an answer that was cut short that the event may have been taken", async () => {
    const line = await lineAfter({ cause: "reset", status: 200 }, LATER);
    expect(line)
      .to.include("last: 200, cut short (reset)")
      .and.include("[crm may have taken it all the same: what is sent again has the same webhook-id.]");
  });

  it("says of a redirect where it points and what to set", async () => {
    const line = await lineAfter({ status: 308, answer: "Location: https://crm.example/hook" }, LATER);
    expect(line)
      .to.include("last: 308 [")
      .and.include(
        "It points to https://crm.example/hook: redirects are not followed, so set that as `url` of crm.",
      );
  });

  it("cuts what was answered, and masks the addresses in it", async () => {
    const line = await lineAfter(
      { status: 422, answer: `{"email":"ada@example.com"} ${"x".repeat(99)}` },
      LATER,
    );
    expect(line).to.include('last: 422 “{"email":"a•••@example.com"} xxxxxxxxxxx…”');
  });

  it("says that an attempt is under way, and until when", async () => {
    const { lease, explain, event } = await aDelivery();
    await lease(NEW_YEAR + 30 * SECOND);
    expect(firstLine(await explain(event))).to.equal(
      "pending: attempt 1 is under way, until 00:01:30 at the latest",
    );
    expect(firstLine(await explain(event, { now: NEW_YEAR + 2 * MINUTE }))).to.equal(
      "pending: first attempt at 00:01:30 (now)",
    );
  });

  it("says since when and why its destination is paused, and what lets it go on", async () => {
    const { explain, event } = await aDelivery();
    const paused = (reason: string): DestinationState => ({ ...SENDING, paused: { at: NEW_YEAR, reason } });
    expect(firstLine(await explain(event, { state: paused("moving house") }))).to.equal(
      "pending: crm is paused [crm is paused since 2026-01-01 00:00:00 (moving house), " +
        "until `countersign resume crm` lets it go on.]",
    );
    expect(firstLine(await explain(event, { state: paused(PAUSED_BY_CONFIGURATION) }))).to.include(
      "until `paused: true` is removed and `countersign reload` lets it go on.",
    );
  });

  it("says when the next probe is due while the breaker is open", async () => {
    const { attempt, explain, event } = await aDelivery();
    await attempt({ status: 500 }, LATER);
    const breaker = { failures: 12, probeAt: NEW_YEAR + 3 * MINUTE, probes: 1 };
    expect(firstLine(await explain(event, { state: { ...SENDING, breaker } }))).to.equal(
      "pending: next probe at 00:03:00 (in 2m), last: 500 " +
        "[crm failed 12 times in a row: until it answers again, only probes are sent.]",
    );
  });

  it("says that its destination is not configured, and what then becomes of it", async () => {
    const { explain, event } = await aDelivery();
    expect(firstLine(await explain(event, { state: null })))
      .to.include("pending: crm is not configured [Nothing is sent to crm: `countersign reload` parks")
      .and.include("`countersign replay` sends that once there is a destination of that name.]");
  });
});

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
    it(`says why and what sends it again: ${reason}`, async () => {
      const outcome = { status: "parked", reason: reason as keyof typeof BY_ATTEMPT } as const;
      expect(await lineAfter(attempt, outcome)).to.equal(`${words} [${REPLAY}.]`);
    });

  it("says that its format cannot say the event, and that another format could", async () => {
    const { lease, store, explain, event, delivery } = await aDelivery();
    const [{ token } = { token: "" }] = await lease(NEW_YEAR);
    const outcome = { status: "parked", reason: "unsupported_by_format" } as const;
    await store.settle({ delivery, token, attempt: null, outcome, at: NEW_YEAR });
    expect(firstLine(await explain(event))).to.equal(
      `parked: the format of crm cannot say this event, nothing was sent [With another \`format\` of crm, ${REPLAY}.]`,
    );
  });

  it("says that a person skipped it", async () => {
    const { store, attempt, explain, event, delivery } = await aDelivery();
    await attempt({ status: 503 }, LATER);
    await store.skip(delivery, NEW_YEAR + MINUTE);
    expect(firstLine(await explain(event))).to.equal(
      `parked: a person skipped it after 1 attempt [${REPLAY}.]`,
    );
  });

  it("says that its destination is gone, and that one of that name could have it", async () => {
    const { store, explain, event } = await aDelivery();
    await store.parkRemoved([]);
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

  it("gives no document to the command where its id means something to a shell", async () => {
    for (const document of ["a b", "$(halt)", "--all", "a;b", "`x`"]) {
      const { attempt, explain, event } = await aDelivery(document);
      await attempt({ status: 410 }, { status: "parked", reason: "gone" });
      expect(firstLine(await explain(event)), document).to.include(
        "[`countersign replay --destination crm` sends",
      );
    }
  });

  it("says after how many attempts a person had it sent again, whatever came of that", async () => {
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
    const { store, attempt, ...scene } = await aDelivery();
    await attempt({ status: 422, answer: "no such case" }, LATER);
    const draft = aDraft({ type: "document.completed", time: NEW_YEAR + SECOND });
    const { events } = await store.record(aRecording([draft]));
    return { ...scene, store, attempt, held: events[0]?.id ?? "" };
  }

  it("names the row that it waits for", async () => {
    const { explain } = await heldBehind();
    const { rows } = (await explain("doc-1")).summary;
    expect(rows.map(({ label, deliveries }) => [label, deliveries[0]?.text])).to.deep.equal([
      [1, "pending: attempt 2 at 00:05:00 (in 4m), last: 422 “no such case” [1]"],
      [2, "held behind 1"],
    ]);
  });

  it("names the event that it waits for, the last answer to that, and how to get past it", async () => {
    const { explain, event, held, delivery } = await heldBehind();
    expect(firstLine(await explain(held))).to.equal(
      `held behind document.sent (${event}), last: 422 “no such case” ` +
        `[\`countersign explain ${delivery}\` tells more, and \`countersign skip ${delivery}\` gives it up, so that the next goes.]`,
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

  it("asks the store once for all that wait for the same one", async () => {
    const { explain, store } = await heldBehind();
    for (const nth of [1, 2, 3])
      await store.record(aRecording([aDraft({ type: "document.failed", time: NEW_YEAR + nth * MINUTE })]));
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
