import { expect } from "chai";
import { type Attempt, type AttemptCause, decide } from "../../src/domain/delivery.ts";

const SCHEDULE = [5_000, 300_000];
const anAttempt = (given: Partial<Attempt> = {}): Attempt => ({
  number: 1,
  startedAt: 1_000_000,
  duration: 2_000,
  cause: "answered",
  status: 500,
  answer: null,
  retryAfter: null,
  ...given,
});

describe("decide", () => {
  it("delivers with any 2xx, and with nothing else", () => {
    for (let status = 100; status < 600; status++) {
      const delivered = decide(anAttempt({ status }), SCHEDULE, 0).status === "delivered";
      expect(delivered, String(status)).to.equal(status >= 200 && status < 300);
    }
  });

  it("attempts again after an error, with the pause from the end of the attempt", () => {
    expect(decide(anAttempt(), SCHEDULE, 0)).to.deep.equal({ status: "pending", dueAt: 1_007_000 });
  });

  it("attempts again when there was no answer, for any cause", () => {
    const causes: AttemptCause[] = ["timeout", "dns", "refused", "reset", "tls", "blocked", "other"];
    for (const cause of causes) {
      expect(decide(anAttempt({ cause, status: null }), SCHEDULE, 0), cause).to.include({
        status: "pending",
      });
    }
  });

  it("ignores the status of an answer that was cut off", () => {
    for (const status of [200, 204, 410, 422]) {
      const attempt = anAttempt({ cause: "timeout", status });
      expect(decide(attempt, SCHEDULE, 0, 0, [422]), String(status)).to.include({ status: "pending" });
    }
  });

  it("parks at once on the statuses to park on, and on no others", () => {
    const outcomes = [400, 404, 422, 500].map((status) =>
      decide(anAttempt({ status }), SCHEDULE, 0, 0, [400, 422]),
    );
    expect(outcomes.map(({ status }) => status)).to.deep.equal(["parked", "pending", "parked", "pending"]);
    expect(outcomes[0]).to.deep.equal({ status: "parked", reason: "rejected" });
  });

  it("treats a redirect as an error", () => {
    for (const status of [301, 302, 303, 307, 308]) {
      expect(decide(anAttempt({ status }), SCHEDULE, 0)).to.include({ status: "pending" });
    }
  });

  it("parks at once on 410 Gone", () => {
    expect(decide(anAttempt({ status: 410 }), SCHEDULE, 0)).to.deep.equal({
      status: "parked",
      reason: "gone",
    });
  });

  it("attempts later when the receiver asks for it, and never earlier", () => {
    const dueAt = (retryAfter: number) => decide(anAttempt({ status: 429, retryAfter }), SCHEDULE, 0);
    expect(dueAt(60_000)).to.deep.equal({ status: "pending", dueAt: 1_062_000 });
    expect(dueAt(0)).to.deep.equal({ status: "pending", dueAt: 1_007_000 });
  });

  it("parks when the schedule has run out, but not when the last attempt succeeds", () => {
    const exhausted = { status: "parked", reason: "schedule_exhausted" };
    expect(decide(anAttempt({ number: 3 }), SCHEDULE, 0)).to.deep.equal(exhausted);
    expect(decide(anAttempt({ number: 3, status: 200 }), SCHEDULE, 0)).to.deep.equal({ status: "delivered" });
  });

  it("starts the schedule again for a replayed delivery", () => {
    const dueAt = 1_002_000 + 5_000;
    expect(decide(anAttempt({ number: 4 }), SCHEDULE, 0, 3)).to.deep.equal({ status: "pending", dueAt });
    const exhausted = { status: "parked", reason: "schedule_exhausted" };
    expect(decide(anAttempt({ number: 6 }), SCHEDULE, 0, 3)).to.deep.equal(exhausted);
  });
});
