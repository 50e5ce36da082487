import { expect } from "chai";
import { parseConfig } from "../../src/config.ts";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const crm = (rest: string) =>
  `destinations: { crm: { url: "https://crm.internal/", secrets: ["${SECRET}"], ${rest} } }`;
const MANY = "9".repeat(400);

const problemsOf = async (text: string) => (await parseConfig(text, "c.yaml", {})).problems;

describe("the limits of the configuration's values", () => {
  const tooMuch: readonly (readonly [string, string])[] = [
    [crm("timeout: 25d"), "at most 1d"],
    [crm(`timeout: ${MANY}ms`), "at most 1d"],
    [crm("timeout: 0s"), "must be above 0"],
    [crm("retry: [200000000d]"), "at most 365d"],
    [crm(`retry: [5s, ${MANY}d]`), "at most 365d"],
    [crm(`retry: [${Array.from({ length: 51 }, () => "5s").join(", ")}]`), "at most 50"],
    [crm("breaker: { pause: 1d, longest: 366d }"), "at most 365d"],
    [crm(`breaker: { pause: ${MANY}h }`), "at most 365d"],
    [crm(`rate: ${MANY}/s`), "at most 1000000/s"],
    [crm("rate: 1000001/s"), "at most 1000000/s"],
    ["shutdown: 25d", "at most 1d"],
    ["retention: { audit: 36501d }", "at most 36500d, or never"],
    [`retention: { audit: ${MANY}d }`, "at most 36500d, or never"],
    ["server: { maxBody: 257mb }", "at most 256mb"],
    [`server: { maxBody: ${MANY}gb }`, "at most 256mb"],
    ["rejected: { maxBody: 1gb }", "at most 256mb"],
    [
      "sources: { a: { mapping: lumin, coalesce: 366d, channels: { account: { secrets: [k] } } } }",
      "at most 365d",
    ],
  ];
  for (const [text, largest] of tooMuch) {
    const shown = text.replaceAll(MANY, "9…9").replace(/.*secrets: \["whsec_[^"]+"\], /, "");
    it(`name the largest of ${shown}`.slice(0, 90), async () => {
      const problems = await problemsOf(text);
      expect(problems).to.have.length(1);
      expect(problems[0]?.message).to.include(largest);
    });
  }

  it("allow the largest", async () => {
    for (const text of [
      crm("timeout: 24h"),
      crm("retry: [365d]"),
      crm("breaker: { pause: 365d, longest: 365d }"),
      crm("rate: 1000000/s"),
      crm("rate: 1/h"),
      "shutdown: 1d",
      "shutdown: 0s",
      "retention: { audit: 36500d }",
      "server: { maxBody: 256mb }",
    ])
      expect(await problemsOf(text), text).to.deep.equal([]);
  });

  it("leave the message about a value that is no schedule at all", async () => {
    const [problem] = await problemsOf(crm("retry: often"));
    expect(problem?.message).to.include('"often" is no schedule: write standard or lumin, or a list');
    const [entry] = await problemsOf(crm("retry: [5s, soon]"));
    expect(entry?.message).to.include('"soon" is no duration');
  });
});
