import { expect } from "chai";
import { proofId } from "../../src/domain/identity.ts";
import { compare } from "../../src/parity/compare.ts";
import { ParityReport } from "../../src/parity/report.ts";
import { shipped } from "../inbound/posts.ts";
import { NEW_YEAR } from "../support/builders.ts";
import {
  alterJson,
  aWindow,
  compareWindow,
  DAY,
  lossesOf,
  nameOf,
  receiptsOf,
  requestsOf,
  SETTINGS,
  toldBy,
  type Window,
  without,
} from "./window.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const BOTH = ["batch", "realtime"];
const SIDES = { old: ["batch"], new: ["realtime"] };

const small = (channels: readonly string[] = BOTH, documents = 120) => aWindow({ documents, channels });

/** The window without the posts of a channel that were sent in this time. */
function silentOn(window: Window, channel: string, from: number, until: number): Window {
  const posts = window.posts.filter((post) => post.channel !== channel || post.at < from || post.at >= until);
  return { ...window, posts };
}

describe("a parity report", () => {
  it("fits its schema, whatever it says", async () => {
    for (const channels of [BOTH, ["batch"]]) {
      const report = await compareWindow(small(channels), SIDES);
      expect(ParityReport.parse(report)).to.deep.equal(report);
    }
  });

  it("calls a type by design that the other channel has no word for, as its mapping says", async () => {
    const { coverage, verdict } = await compareWindow(small(), SIDES);
    const byDesign = coverage.types.filter((one) => one.byDesign > 0).map(({ type }) => type);
    expect(byDesign).to.include.members(["document.created", "document.sent", "document.completed"]);
    const [batch, realtime] = [await shipped("legalesign", "batch"), await shipped("legalesign", "realtime")];
    const tells = ({ rules }: typeof batch) => new Set(rules.event.words.flatMap((word) => [...word.tells]));
    for (const type of byDesign)
      expect(tells(batch).has(type) && tells(realtime).has(type), type).to.equal(false);
    expect(verdict.result).to.equal("passed");
  });

  it("does not count what is too young, and counts it once it is older", async () => {
    const window = small();
    const last = toldBy(window, BOTH).reduce((a, b) => (a.time > b.time ? a : b));
    const lossy = without(window, new Set([last]), ["realtime"]);
    const young = await compareWindow(lossy, { ...SIDES, until: last.time + 10 * MINUTE });
    expect(lossesOf(young, "new")).to.deep.equal([]);
    expect(young.losses.map((one) => one.class)).to.include("pending");
    // Three periods of the batch.
    const old = await compareWindow(lossy, { ...SIDES, until: last.time + 30 * MINUTE });
    expect(lossesOf(old, "new")).to.deep.equal([nameOf(last)]);
  });

  it("shows an outage of a channel, explains the losses inside it by it, and lists them", async () => {
    const window = small(BOTH, 600);
    const [from, until] = [NEW_YEAR + 24 * HOUR, NEW_YEAR + 25 * HOUR];
    const lossy = silentOn(window, "realtime", from, until);
    const { outages, losses, verdict } = await compareWindow(lossy, SIDES);
    expect(outages.map(({ channel, whole }) => [channel, whole])).to.deep.equal([
      ["legalesign/realtime", false],
    ]);
    expect(Date.parse(outages[0]?.from ?? "")).to.be.at.most(from);
    expect(Date.parse(outages[0]?.until ?? "")).to.be.at.least(until);
    expect(losses.filter((one) => one.class === "outage").length).to.be.above(5);
    expect(verdict).to.deep.include({ result: "passed" });
  });

  it("calls the time an outage of the bridge in which nothing came over any channel", async () => {
    const window = small(BOTH, 600);
    const [from, until] = [NEW_YEAR + 24.5 * HOUR, NEW_YEAR + 25.5 * HOUR];
    const late = {
      ...window,
      // The batches of that time come after it, as they would from a provider that repeats them.
      posts: silentOn(window, "realtime", from, until).posts.map((post) =>
        post.channel === "batch" && post.at >= from && post.at < until
          ? { ...post, at: until + 1_000 }
          : post,
      ),
    };
    const { outages } = await compareWindow(late, SIDES);
    expect(outages).to.have.length(1);
    expect(outages[0]).to.include({ channel: "legalesign/realtime", whole: true });
  });

  it("does not explain losses by a pause that is usual, or by few losses", async () => {
    const window = small(BOTH, 600);
    const told = toldBy(window, BOTH).slice(0, 4);
    const { outages } = await compareWindow(without(window, new Set(told), ["realtime"]), SIDES);
    expect(outages).to.deep.equal([]);
  });

  it("names words that the mapping does not have, and the side that told them", async () => {
    const window = alterJson(small(), "realtime", (body) => {
      if (body.event === "emailOpened") body.event = "emailGlanced";
    });
    const { unknowns, verdict, coverage } = await compareWindow(window, SIDES);
    expect(unknowns.words).to.have.length(1);
    expect(unknowns.words[0]).to.include({ channel: "legalesign/realtime", value: "recipient.emailGlanced" });
    expect(coverage.types.find(({ type }) => type === "signer.email_opened")?.unexplained).to.be.above(0);
    expect(verdict.result).to.equal("failed");
  });

  it("counts repeats, and compares an old side's channels with one another", async () => {
    const { noise } = await compareWindow(small(["upon", ...BOTH]), {
      old: ["upon", "batch"],
      new: ["realtime"],
    });
    expect(noise.self).to.deep.include({ side: "old", onlyOne: 0, disagreements: 0, share: 1 });
    expect(noise.self?.both).to.be.above(100);
  });

  it("measures the old side's own losses, and asks no more of the new side where told so", async () => {
    const window = small(["upon", ...BOTH], 300);
    const sides = { old: ["upon", "batch"], new: ["realtime"] };
    const sent = toldBy(window, ["upon", "batch"]).filter(({ type }) => type === "document.sent");
    const viewed = toldBy(window, BOTH)
      .filter(({ type }) => type === "signer.email_opened")
      .slice(0, 12);
    const noisy = without(without(window, new Set(sent.slice(0, 60)), ["upon"]), new Set(viewed), [
      "realtime",
    ]);
    const strict = await compareWindow(noisy, sides);
    expect(strict.noise.self).to.deep.include({ onlyOne: 60 });
    expect(strict.verdict.result).to.equal("failed");
    const relative = await compareWindow(noisy, { ...sides, settings: { relativeToNoise: true } });
    expect(relative.verdict.result).to.equal("passed", relative.verdict.sentence);
  });

  it("names ignored fields, how often each mattered, and those that matched nothing", async () => {
    const lumin = aWindow({ provider: "lumin", documents: 120, channels: ["account", "app"] });
    const window = alterJson(lumin, "app", (body) => {
      body.signature_request.title += " (copy)";
    });
    const sides = { provider: "lumin", old: ["account"], new: ["app"] } as const;
    expect((await compareWindow(window, sides)).verdict.result).to.equal("failed");
    const ignore = [
      { field: "document.title", reason: "the app adds to it" },
      { field: "reason", reason: "never told" },
    ] as const;
    const { verdict, integrity } = await compareWindow(window, { ...sides, settings: { ignore } });
    expect(verdict.result).to.equal("passed");
    expect(integrity.ignored[0]?.matched).to.be.above(100);
    expect(integrity.ignored[1]).to.deep.equal({ field: "reason", reason: "never told", matched: 0 });
  });

  it("calls a difference in case, spaces and accents harmless", async () => {
    const lumin = aWindow({ provider: "lumin", documents: 120, channels: ["account", "app"] });
    const window = alterJson(lumin, "app", ({ signature_request: request }) => {
      request.title = `  ${request.title.toUpperCase().normalize("NFD")} `;
    });
    const { verdict, integrity } = await compareWindow(window, {
      ...{ provider: "lumin", old: ["account"], new: ["app"] },
    });
    expect(verdict.result).to.equal("passed");
    expect(integrity).to.include({ unsafe: 0 });
    expect(integrity.harmless).to.be.above(100);
  });

  it("compares channels of two sources of one provider", async () => {
    const window = small();
    const mapping = (await shipped("legalesign", "batch")).mapping.digest;
    const channels = await Promise.all(
      BOTH.map(async (name) => ({
        ...(await shipped("legalesign", name)),
        source: name === "batch" ? "old-account" : "new-account",
      })),
    );
    const receipts = receiptsOf(window, "", mapping).map((receipt) => ({
      ...receipt,
      source: receipt.channel === "batch" ? "old-account" : "new-account",
    }));
    const report = await compare({
      ...{ requests: requestsOf(receipts), old: channels.slice(0, 1), new: channels.slice(1) },
      ...{ from: NEW_YEAR - 1, until: window.lastStart + 4 * DAY, settings: SETTINGS, exceptions: [] },
      ...{ retention: null, full: false, id: proofId(NEW_YEAR, new Uint8Array(10)), version: "0" },
      progress: () => true,
    });
    expect(report?.verdict.result).to.equal("passed", report?.verdict.sentence);
    expect(report?.scope).to.deep.include({ old: ["old-account/batch"], new: ["new-account/realtime"] });
  });

  it("fails where the observed time is shorter than wanted", async () => {
    const { verdict } = await compareWindow(small(), { ...SIDES, settings: { minWindow: 30 * DAY } });
    expect(verdict.result).to.equal("failed");
    expect(verdict.checks.find(({ name }) => name === "observed time")?.passed).to.equal(false);
  });

  it("pairs what clocks that are hours apart tell, and says how far they are", async () => {
    const window = alterJson(small(), "realtime", (body) => {
      body.created += 3 * 3_600;
    });
    const { verdict, scope } = await compareWindow(window, SIDES);
    expect(scope.clockOffset).to.equal(3 * HOUR);
    expect(verdict.result).to.equal("passed", verdict.sentence);
  });

  it("stops when it is told to", async () => {
    const window = small();
    const stopped = compareWindow(window, { ...SIDES, progress: () => false });
    expect(await stopped.catch((error) => error.message)).to.equal("the comparison was stopped");
  });
});
