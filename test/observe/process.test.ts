import { expect } from "chai";
import { createWitness } from "./witness.ts";

describe("the observer of pruning", () => {
  it("logs one line for a round with counts by table, and counts each step at once", async () => {
    const { lines, observers, scrape } = createWitness();
    observers.pruning.removed("events", 50);
    observers.pruning.removed("events", 20);
    observers.pruning.rounded({ events: 70 }, 1_200);
    const msg = "expired rows removed";
    expect(lines).to.deep.equal([
      { level: 30, event: "prune.finished", pruned: { events: 70 }, durationMs: 1_200, msg },
    ]);
    const metrics = await scrape();
    expect(metrics).to.include('countersign_pruned_total{table="events"} 70');
    expect(metrics).to.include('countersign_pruned_total{table="tombstones"} 0');
  });

  it("warns while the store is away, and logs a dead loop as fatal", () => {
    const { lines, observers } = createWitness();
    observers.pruning.away(new Error("the database is away"));
    observers.pruning.died(new TypeError("broken"));
    expect(lines[0]).to.include({ level: 40, event: "prune.failed", reason: "the database is away" });
    expect(lines[1]).to.include({ level: 60, event: "pruner.died" });
  });
});

describe("the observer of the store's warnings", () => {
  it("gives each kind an event of its own, and keeps the sentence", () => {
    const { lines, observers } = createWitness();
    for (const kind of ["exposed", "unreachable", "recovered", "nearly_full"] as const)
      observers.process.storeWarned(`it is ${kind}`, kind);
    expect(lines.map(({ event, reason }) => [event, reason])).to.deep.equal([
      ["store.exposed", "it is exposed"],
      ["store.unreachable", "it is unreachable"],
      ["store.recovered", "it is recovered"],
      ["store.nearly_full", "it is nearly_full"],
    ]);
  });
});

describe("the observer of operators", () => {
  it("logs a skipped delivery with its ids, and counts it as parked", async () => {
    const { lines, observers, scrape } = createWitness();
    observers.admin.skipped({
      id: "dlv_1",
      event: "evt_1",
      destination: "crm",
      lane: null,
      status: "parked",
      reason: "skipped",
      attempts: 1,
      dueAt: null,
      replayedAfter: null,
    });
    expect(lines[0]).to.include({ event: "delivery.skipped", deliveryId: "dlv_1", eventId: "evt_1" });
    expect(await scrape()).to.include('{destination="crm",reason="skipped"} 1');
  });
});
