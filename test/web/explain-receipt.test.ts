import { expect } from "chai";
import { tidy } from "../support/bridge.ts";
import { aDocument, NEW_YEAR } from "../support/builders.ts";
import { createExplainer, record, viewed, withNotes } from "./explaining.ts";

describe("the summary of a receipt", () => {
  afterEach(tidy);

  it("shows new events with their deliveries, and events reported before without", async () => {
    const explainer = createExplainer();
    await record(explainer, [{}]);
    const { id } = await record(explainer, [viewed(1), {}]);
    const { heading, rows, notes, closing } = (await explainer.explain(id)).summary;
    expect(heading).to.deep.equal([
      `Receipt ${id}: 2 bytes from legalesign over batch, received 2026-01-01 00:01:00, ` +
        "found genuine by token.",
    ]);
    expect(rows.map(({ event, deliveries }) => [withNotes(event, notes), deliveries.length])).to.deep.equal([
      ["viewed by Signer 1", 1],
      ["document sent for signing [Reported before: nothing was forwarded for this receipt.]", 0],
    ]);
    expect(closing.lists[0]?.items.join()).not.to.include(id);
  });

  it("lists the events of each document together", async () => {
    const explainer = createExplainer();
    const other = aDocument("doc-2");
    const { id } = await record(explainer, [
      {},
      { document: other },
      viewed(1),
      { ...viewed(2), document: other },
    ]);
    expect(
      (await explainer.explain(id)).summary.rows.map(({ label, group }) => [label, group]),
    ).to.deep.equal([
      [1, "Document doc-1, from legalesign"],
      [2, null],
      [3, "Document doc-2, from legalesign"],
      [4, null],
    ]);
  });

  it("counts the events that it omits", async () => {
    const explainer = createExplainer();
    const { id } = await record(
      explainer,
      Array.from({ length: 103 }, (_, nth) => viewed(nth)),
    );
    const { heading, rows } = (await explainer.explain(id)).summary;
    expect(rows).to.have.length(100);
    expect(heading.at(-1)).to.equal("3 more events of it are left out here.");
  });

  it("says what could not be read, and that it made no event", async () => {
    const explainer = createExplainer();
    const problems = [{ kind: "undecodable", item: null, field: null, message: "the body is not JSON" }];
    const { id } = await record(explainer, [], { problems });
    const { heading, rows } = (await explainer.explain(id)).summary;
    expect(heading.slice(1)).to.deep.equal([
      "Not all of it could be read: the body is not JSON.",
      "No event came of it.",
    ]);
    expect(rows).to.deep.equal([]);
  });
});

describe("the summary of a refused request", () => {
  afterEach(tidy);

  const REJECTION = {
    id: "rej_1",
    source: "lumin",
    channel: "account",
    receivedAt: NEW_YEAR,
    query: "",
    headers: {},
    body: Buffer.from("{}"),
    reason: "does the signature match?",
    shown: { token: null, authorization: null },
  };

  it("says where it came from, why it was refused, and what reprocesses it", async () => {
    const { store, explain } = createExplainer();
    await store.reject(REJECTION, 10);
    expect((await explain("rej_1")).summary.heading).to.deep.equal([
      "Refused request rej_1: 2 bytes from lumin over account, received 2026-01-01 00:00:00.",
      "It was refused: does the signature match?",
      "It is kept whole: once the fault is fixed, `countersign reprocess --rejected` takes it in.",
    ]);
  });

  it("says that a cut one cannot be checked again", async () => {
    const { store, explain } = createExplainer();
    await store.reject({ ...REJECTION, body: null, shown: { ...REJECTION.shown, cutFrom: 9_000 } }, 10);
    const { heading } = (await explain("rej_1")).summary;
    expect(heading[0]).to.include(": 9000 bytes from lumin");
    expect(heading[2]).to.include("cannot be checked again");
  });
});
