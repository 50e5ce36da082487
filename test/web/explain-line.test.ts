import { expect } from "chai";
import type { AttemptCause } from "../../src/domain/delivery.ts";
import { PAUSED_BY_CONFIGURATION } from "../../src/domain/destination.ts";
import type { DestinationState } from "../../src/store/port/control.ts";
import { tidy } from "../support/bridge.ts";
import { NEW_YEAR } from "../support/builders.ts";
import { aDelivery, firstLine, LATER, lineAfter, MINUTE, SECOND, SENDING } from "./explaining.ts";

describe("the line of a delivery", () => {
  afterEach(tidy);

  it("says after how many attempts, when and with which status it was delivered", async () => {
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

  it("says that its attempts were pruned", async () => {
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

  it("says when the next attempt is due, the last answer, and how later events get past it", async () => {
    const { attempt, explain, event, delivery } = await aDelivery();
    await attempt({ status: 503, answer: "busy" }, LATER);
    expect(firstLine(await explain(event))).to.equal(
      "pending: attempt 2 at 00:05:00 (in 4m), last: 503 “busy” " +
        `[Later events of the document wait for it; \`countersign skip ${delivery}\` gives it up, ` +
        "so that the next goes.]",
    );
  });

  it("does not mention later events where the destination takes them in any order", async () => {
    const { attempt, explain, event } = await aDelivery("doc-1", "none");
    await attempt({ status: 503 }, LATER);
    expect(firstLine(await explain(event))).to.equal("pending: attempt 2 at 00:05:00 (in 4m), last: 503");
  });

  const CAUSES: Readonly<
    Record<Exclude<AttemptCause, "answered" | "blocked" | "token" | "unencodable">, string>
  > = {
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

  it("says of an attempt without an access token that it was not sent, and what to restore", async () => {
    const line = await lineAfter({ cause: "token", status: null, answer: "its own words" }, LATER);
    expect(line)
      .to.include(", last: not sent (token) “its own words” [")
      .and.include("It is the token endpoint that failed, not crm: restore it, or correct `auth.oauth2`");
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
      .and.include("[crm may have processed it all the same: what is sent again has the same webhook-id.]");
  });

  it("says where a redirect points and what to set", async () => {
    const line = await lineAfter({ status: 308, answer: "Location: https://crm.example/hook" }, LATER);
    expect(line)
      .to.include("last: 308 [")
      .and.include(
        "It points to https://crm.example/hook: redirects are not followed, so set that as `url` of crm.",
      );
  });

  it("cuts a long answer, and masks the addresses in it", async () => {
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

  it("says since when and why its destination is paused, and what resumes it", async () => {
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

  it("says that its destination is not configured, and what happens to the delivery", async () => {
    const { explain, event } = await aDelivery();
    expect(firstLine(await explain(event, { state: null })))
      .to.include("pending: crm is not configured [Nothing is sent to crm: `countersign reload` parks")
      .and.include("`countersign replay` sends that once there is a destination of that name.]");
  });
});
