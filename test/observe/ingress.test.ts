import { expect } from "chai";
import type { IngressOutcome } from "../../src/inbound/receive.ts";
import { anEvent } from "../outbound/fixtures.ts";
import { NEW_YEAR } from "../support/builders.ts";
import { createWitness } from "./witness.ts";

const OUTCOME: IngressOutcome = {
  source: "legalesign",
  channel: "batch",
  outcome: "accepted",
  duration: 5,
  acceptance: null,
  reason: null,
  error: null,
};
const PROBLEM = { kind: "missing", item: 0, field: "name", message: "name is missing" } as const;

describe("the observer of requests", () => {
  let witness: ReturnType<typeof createWitness>;
  beforeEach(() => {
    witness = createWitness();
  });

  const accept = (problems: readonly (typeof PROBLEM)[], reason: string | null) =>
    witness.observers.ingress({
      ...OUTCOME,
      reason,
      acceptance: {
        receipt: "rcp_1",
        recorded: {
          events: [anEvent({ type: "unknown", time: new Date(NEW_YEAR - 3_000).toISOString() })],
          duplicates: ["evt_2", "evt_3"],
          destinations: ["crm"],
        },
        problems,
      },
    });

  it("logs a recorded request, and counts events, duplicates and the provider's delay", async () => {
    accept([], null);
    expect(witness.lines).to.deep.equal([
      {
        level: 30,
        event: "request.recorded",
        source: "legalesign",
        channel: "batch",
        outcome: "accepted",
        durationMs: 5,
        receiptId: "rcp_1",
        events: 1,
        duplicates: 2,
        problems: 0,
        msg: "request recorded",
      },
    ]);
    const metrics = await witness.scrape();
    expect(metrics).to.include('countersign_events_total{source="legalesign",type="unknown"} 1');
    expect(metrics).to.include('countersign_unmapped_total{source="legalesign",object="signer"} 1');
    expect(metrics).to.include(
      'countersign_ingress_duplicates_total{source="legalesign",kind="duplicates"} 2',
    );
    expect(metrics).to.include('countersign_event_lag_seconds_sum{source="legalesign",stage="provider"} 3');
  });

  it("warns of a request that could only be read in part, with the reason", () => {
    accept([PROBLEM], "name is missing");
    expect(witness.lines[0]).to.include({
      level: 40,
      event: "request.partly_read",
      problems: 1,
      reason: "name is missing",
    });
  });

  it("distinguishes refused, failed and challenging requests", () => {
    witness.observers.ingress({ ...OUTCOME, outcome: "bad_signature", reason: "the signature is wrong" });
    const error = new Error("the disk is full");
    witness.observers.ingress({ ...OUTCOME, outcome: "store_unavailable", reason: error.message, error });
    witness.observers.ingress({ ...OUTCOME, outcome: "challenge" });
    const shown = witness.lines.map(({ event, level, outcome, reason }) => [event, level, outcome, reason]);
    expect(shown).to.deep.equal([
      ["request.refused", 40, "bad_signature", "the signature is wrong"],
      ["request.failed", 50, "store_unavailable", "the disk is full"],
      ["challenge.answered", 30, "challenge", undefined],
    ]);
  });

  it("logs dropped rejections once a minute, also after the clock was set back", async () => {
    const { rejections } = witness.observers;
    rejections.dropped("queue_full", 1, null);
    rejections.dropped("queue_full", 2, null);
    witness.advance(60_000);
    rejections.dropped("store_failed", 1, new Error("the store is away"));
    witness.advance(-86_400_000);
    rejections.dropped("queue_full", 5, null);
    expect(witness.lines.map(({ event, requests, reason }) => [event, requests, reason])).to.deep.equal([
      ["rejections.dropped", 1, "queue_full"],
      ["rejections.dropped", 3, "the store is away"],
      ["rejections.dropped", 5, "queue_full"],
    ]);
    expect(await witness.scrape()).to.include('countersign_rejections_dropped_total{reason="queue_full"} 8');
  });
});
