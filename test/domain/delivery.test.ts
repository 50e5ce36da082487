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
  it("takes any 2xx, and nothing else, for delivered", () => {
    for (let status = 100; status < 600; status++) {
      const delivered = decide(anAttempt({ status }), SCHEDULE, 0).status === "delivered";
      expect(delivered, String(status)).to.equal(status >= 200 && status < 300);
    }
  });

  it("tries again after an error, counting the pause from the end of the try", () => {
    expect(decide(anAttempt(), SCHEDULE, 0)).to.deep.equal({ status: "pending", dueAt: 1_007_000 });
  });

  it("tries again when there was no answer, whatever the cause", () => {
    const causes: AttemptCause[] = ["timeout", "dns", "refused", "reset", "tls", "blocked", "other"];
    for (const cause of causes) {
      expect(decide(anAttempt({ cause, status: null }), SCHEDULE, 0), cause).to.include({
        status: "pending",
      });
    }
  });

  it("does not take an answer that did not come to its end for one, whatever its status", () => {
    for (const status of [200, 204, 410, 422]) {
      const attempt = anAttempt({ cause: "timeout", status });
      expect(decide(attempt, SCHEDULE, 0, 0, [422]), String(status)).to.include({ status: "pending" });
    }
  });

  it("parks at once what is answered with a status to park on, and nothing else", () => {
    const outcomes = [400, 404, 422, 500].map((status) =>
      decide(anAttempt({ status }), SCHEDULE, 0, 0, [400, 422]),
    );
    expect(outcomes.map(({ status }) => status)).to.deep.equal(["parked", "pending", "parked", "pending"]);
    expect(outcomes[0]).to.deep.equal({ status: "parked", reason: "rejected" });
  });

  it("does not follow a redirect: it is an error like any other", () => {
    for (const status of [301, 302, 303, 307, 308]) {
      expect(decide(anAttempt({ status }), SCHEDULE, 0)).to.include({ status: "pending" });
    }
  });

  it("parks what is gone at once", () => {
    expect(decide(anAttempt({ status: 410 }), SCHEDULE, 0)).to.deep.equal({
      status: "parked",
      reason: "gone",
    });
  });

  it("tries later when the receiver asks for it, and never earlier", () => {
    const dueAt = (retryAfter: number) => decide(anAttempt({ status: 429, retryAfter }), SCHEDULE, 0);
    expect(dueAt(60_000)).to.deep.equal({ status: "pending", dueAt: 1_062_000 });
    expect(dueAt(0)).to.deep.equal({ status: "pending", dueAt: 1_007_000 });
  });

  it("parks when the schedule has run out, but not when the last try succeeds", () => {
    const exhausted = { status: "parked", reason: "schedule_exhausted" };
    expect(decide(anAttempt({ number: 3 }), SCHEDULE, 0)).to.deep.equal(exhausted);
    expect(decide(anAttempt({ number: 3, status: 200 }), SCHEDULE, 0)).to.deep.equal({ status: "delivered" });
  });

  it("gives a replayed delivery the whole schedule again", () => {
    const dueAt = 1_002_000 + 5_000;
    expect(decide(anAttempt({ number: 4 }), SCHEDULE, 0, 3)).to.deep.equal({ status: "pending", dueAt });
    const exhausted = { status: "parked", reason: "schedule_exhausted" };
    expect(decide(anAttempt({ number: 6 }), SCHEDULE, 0, 3)).to.deep.equal(exhausted);
  });
});
