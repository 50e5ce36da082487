import { expect } from "chai";
import { parseConfig } from "../../src/config.ts";
import { formatProblem } from "../../src/yaml.ts";

const DAY = 86_400_000;

const read = (given: string) => parseConfig(`retention: ${given}`, "c.yaml", {});
const problemsOf = async (given: string) => (await read(given)).problems.map(formatProblem);

describe("the configuration of retention", () => {
  it("keeps duplicates, documents, audit entries, tallies and proofs longer than the rest by default", async () => {
    const { config } = await parseConfig("sources: {}", "c.yaml", {});
    expect(config?.retention).to.deep.equal({
      receipts: 90 * DAY,
      rejected: 30 * DAY,
      events: 90 * DAY,
      attempts: 90 * DAY,
      documents: 400 * DAY,
      audit: 400 * DAY,
      duplicates: 400 * DAY,
      tallies: 400 * DAY,
      proofs: 400 * DAY,
    });
  });

  it("takes durations, and `never`", async () => {
    const { config } = await read("{ receipts: 36h, attempts: 500d, audit: never }");
    expect(config?.retention).to.include({ receipts: 1.5 * DAY, attempts: 500 * DAY, audit: null });
  });

  it("refuses other values, and less than a day", async () => {
    expect(await problemsOf("{ receipts: long, audit: 23h, events: 9 }")).to.deep.equal([
      'c.yaml:1:24: `retention.receipts`: "long" is no duration: write 90d, or never',
      "c.yaml:1:37: `retention.audit`: 23h is less than a day: write 1d or more, or never",
      "c.yaml:1:50: `retention.events`: must be a duration such as 90d, or never",
    ]);
  });

  it("refuses a shorter retention of documents than of events", async () => {
    expect(await problemsOf("{ events: 30d, documents: 29d }")).to.deep.equal([
      "c.yaml:1:38: `retention.documents`: 29d is shorter than `events`, and a document forgotten before " +
        "its events would start its sequence again: write 30d or more, or shorten `events`",
    ]);
    expect(await problemsOf("{ events: 30d, documents: 30d }")).to.deep.equal([]);
    const [problem] = await problemsOf("{ events: never }");
    expect(problem).to.include("`retention.documents`: 400d").and.include("write never, or shorten");
    expect(await problemsOf("{ events: never, documents: never }")).to.deep.equal([]);
  });

  it("refuses a shorter retention of event ids than of events", async () => {
    const [problem, ...more] = await problemsOf("{ duplicates: 89d }");
    expect(problem).to.equal(
      "c.yaml:1:26: `retention.duplicates`: 89d is shorter than `events`, and an event reported again " +
        "after that would be taken for a new one: write 90d or more, or shorten `events`",
    );
    expect(more).to.deep.equal([]);
    expect(await problemsOf("{ duplicates: never }")).to.deep.equal([]);
  });
});
