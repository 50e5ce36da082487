import { expect } from "chai";
import type { Tallies, TallySpan } from "../../src/store/port/reads.ts";
import { showTallies } from "../../src/web/tallies.ts";
import { configText, FORM, startBridge, TOKEN, tidy } from "../support/bridge.ts";
import { NEW_YEAR } from "../support/builders.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = NEW_YEAR + 90 * 60_000;
const NONE: Tallies = { requests: [], deliveries: [] };

describe("the tallies of the admin API", () => {
  /** The span that the store is asked for, and the one that is shown. */
  async function spansOf(query: Record<string, string>) {
    const asked: TallySpan[] = [];
    const tallies = async (span: TallySpan) => {
      asked.push(span);
      return NONE;
    };
    const { from, until } = await showTallies({ tallies }, query, NOW);
    const [{ from: askedFrom, until: askedUntil } = { from: -1, until: -1 }] = asked;
    return { asked: [askedFrom, askedUntil], shown: [from, until] };
  }
  const refusalOf = async (query: Record<string, string>) => {
    const failure: unknown = await spansOf(query).catch((error: unknown) => error);
    expect(failure, JSON.stringify(query)).to.include({ code: "bad_request" });
    return failure instanceof Error ? failure.message : "";
  };

  it("are those of the last day when no span is given", async () => {
    expect(await spansOf({})).to.deep.equal({
      asked: [NOW - DAY, undefined],
      shown: [NEW_YEAR + HOUR - DAY, null],
    });
  });

  it("are those of a span given by moments, days, milliseconds, or how long ago", async () => {
    const asked = async (query: Record<string, string>) => (await spansOf(query)).asked;
    const hour = NEW_YEAR + HOUR;
    expect(await asked({ from: "2026-01-01T01:00:00Z" })).to.deep.equal([hour, undefined]);
    expect(await asked({ from: "2026-01-01T03:00:00+02:00" })).to.deep.equal([hour, undefined]);
    expect(await asked({ from: "2026-01-01" })).to.deep.equal([NEW_YEAR, undefined]);
    expect(await asked({ from: String(hour) })).to.deep.equal([hour, undefined]);
    expect(await asked({ since: "2d" })).to.deep.equal([NOW - 2 * DAY, undefined]);
    expect(await asked({ since: "2d", until: "2026-01-01" })).to.deep.equal([NOW - 2 * DAY, NEW_YEAR]);
    expect(await asked({ from: "2025-12-01", until: "2026-01-01" })).to.deep.equal([
      NEW_YEAR - 31 * DAY,
      NEW_YEAR,
    ]);
  });

  it("are refused for a wrong span, with what would be right", async () => {
    expect(await refusalOf({ from: "yesterday" })).to.equal(
      "from: must be a moment such as 2026-01-31T12:00:00Z, or milliseconds since 1970",
    );
    expect(await refusalOf({ until: "2026-02-30" })).to.include("until: must be a moment such as");
    expect(await refusalOf({ since: "a while" })).to.equal(
      "since: must be how long ago, such as 2d, or a moment such as 2026-01-31T12:00:00Z",
    );
    expect(await refusalOf({ from: "2026-01-01", since: "2d" })).to.equal(
      "give `from` or `since`, not both: each says when the span begins",
    );
    for (const until of ["2026-01-01", "2025-12-31"])
      expect(await refusalOf({ from: "2026-01-01", until })).to.equal(
        "`until` must be later than the span's beginning",
      );
    const tooLong = "a span may be 31d long: ask for a longer one in parts";
    expect(await refusalOf({ since: "32d" })).to.equal(tooLong);
    expect(await refusalOf({ from: "2024-01-01", until: "2024-02-02" })).to.equal(tooLong);
    expect(await refusalOf({ day: "2026-01-01" })).to.include('"day"');
  });

  describe("of a bridge", () => {
    afterEach(tidy);

    it("count what was posted, refused requests that were just answered among it", async () => {
      const bridge = await startBridge(configText());
      for (const token of [TOKEN, "wrong", "wrong"])
        await bridge.post(`/in/legalesign/batch?token=${token}`, "data=%5B%5D", FORM);
      const { status, body } = await bridge.admin("/api/v1/tallies");
      expect(status).to.equal(200);
      const counts = body.requests.map(({ source, channel, outcome, count }: Tallies["requests"][number]) =>
        [source, channel, outcome, count].join(" "),
      );
      expect(counts).to.deep.equal(["legalesign batch accepted 1", "legalesign batch refused 2"]);
      const { status: refused, body: answer } = await bridge.admin("/api/v1/tallies?until=soon");
      expect([refused, answer.error]).to.deep.equal([400, "bad_request"]);
    });
  });
});
