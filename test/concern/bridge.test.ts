import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { retriesOf } from "../../src/concern/provider-retries.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../src/concern/words.ts";
import { aSource, type Case, concernOf, idsOf, NOW } from "./situations.ts";

const MB = 1_024 ** 2;
const disk = (freeBytes: number, bytesPerDay: number) => ({ disk: { at: NOW, freeBytes, bytesPerDay } });
const jump = (by: number, age = 0) => ({ clockJumps: [{ at: NOW - age, by }] });
/** A stop that ended so long ago. */
const stopped = (length: number, ago = 0) => ({ lastStop: { from: NOW - ago - length, until: NOW - ago } });
const of = (...providers: string[]) => ({ sources: providers.map((name) => aSource({ name })) });

const CASES: readonly Case[] = [
  { title: "a clock that went forward by 10 seconds", given: jump(10_000), expected: ["clock_jumped"] },
  { title: "a clock that went back by 10 seconds", given: jump(-10_000), expected: ["clock_jumped"] },
  { title: "no clock that is corrected by less", given: jump(9_999), expected: [] },
  { title: "no clock that jumped a day ago", given: jump(HOUR_MS, DAY_MS), expected: [] },
  { title: "a disk with less than a day takes", given: disk(500 * MB - 1, 500 * MB), expected: ["disk_low"] },
  { title: "no disk with as much as a day takes", given: disk(500 * MB, 500 * MB), expected: [] },
  { title: "a disk with less than 100 MB", given: disk(100 * MB - 1, MB), expected: ["disk_low"] },
  { title: "a stop of more than a minute", given: stopped(MINUTE_MS + 1), expected: ["outage:lumin"] },
  { title: "no stop of a minute", given: stopped(MINUTE_MS), expected: [] },
  {
    title: "a stop for each source",
    given: { ...of("legalesign", "lumin"), ...stopped(HOUR_MS) },
    expected: ["outage:legalesign", "outage:lumin"],
  },
  {
    title: "no stop, once everything has been repeated: after 10 minutes Lumin's next pause is 15",
    given: stopped(10 * MINUTE_MS, 15 * MINUTE_MS),
    expected: [],
  },
  {
    title: "a stop, until everything has been repeated",
    given: stopped(10 * MINUTE_MS, 15 * MINUTE_MS - 1),
    expected: ["outage:lumin"],
  },
  {
    title: "a stop in which posts were lost, for a week",
    given: stopped(31 * HOUR_MS, 7 * DAY_MS - 1),
    expected: ["outage:lumin"],
  },
  {
    title: "no stop in which posts were lost after a week",
    given: stopped(31 * HOUR_MS, 7 * DAY_MS),
    expected: [],
  },
  {
    title: "a stop, where the provider does not publish its schedule, for three days",
    given: { ...of("legalesign"), ...stopped(HOUR_MS, 3 * DAY_MS - 1) },
    expected: ["outage:legalesign"],
  },
  {
    title: "no stop, where the provider does not publish its schedule, after three days",
    given: { ...of("legalesign"), ...stopped(HOUR_MS, 3 * DAY_MS) },
    expected: [],
  },
];

describe("of the bridge itself, the rules name", () => {
  for (const { title, given, expected } of CASES)
    it(title, () => expect(idsOf(given)).to.deep.equal(expected));
});

describe("the concern about the bridge", () => {
  it("says how far the clock jumped, and in which direction", () => {
    expect(concernOf(jump(-90_000), "clock_jumped").sentence).to.equal(
      "The clock of the bridge went back by 1 minute 30 seconds at 2026-03-04 12:00:00.",
    );
  });

  it("says how much is free and how much a day takes", () => {
    expect(concernOf(disk(210 * MB, 1_536 * MB), "disk_low").sentence).to.equal(
      "The disk of the store has 210 MB free; a day takes 1.5 GB, and at least 100 MB should stay free.",
    );
  });
});

describe("the outage budget", () => {
  const budget = (provider: string, length: number) => {
    const { sentence, severity } = concernOf({ ...of(provider), ...stopped(length) }, `outage:${provider}`);
    return { sentence, severity };
  };

  it("says until when the provider has repeated what failed, and when it would give up", () => {
    expect(budget("lumin", 10 * MINUTE_MS)).to.deep.equal({
      severity: "notice",
      sentence:
        "The bridge did not run for 10 minutes, until 2026-03-04 12:00:00. lumin repeats what failed by 2026-03-04 12:15:00; what it first posted as the stop began it would give up at 2026-03-05 18:10:00.",
    });
  });

  it("says from which time on nothing is lost, where the provider has given up", () => {
    expect(budget("lumin", 40 * HOUR_MS)).to.deep.equal({
      severity: "critical",
      sentence:
        "The bridge did not run for 1 day 16 hours, until 2026-03-04 12:00:00. lumin gives up after 1 day 6 hours, so what it first posted before 2026-03-03 05:40:00 is lost.",
    });
  });

  it("promises nothing, where the provider does not publish its schedule", () => {
    expect(budget("legalesign", HOUR_MS)).to.deep.equal({
      severity: "notice",
      sentence:
        "The bridge did not run for 1 hour, until 2026-03-04 12:00:00. legalesign does not publish how it repeats posts, so some may be lost. Its dashboard lists what it posted, and can post it again by hand.",
    });
  });

  it("takes the whole length for the longest pause, where only that is published", () => {
    const namedAfter = (ago: number) => idsOf({ ...of("dropbox-sign"), ...stopped(HOUR_MS, ago) });
    expect(namedAfter(3 * DAY_MS - 1)).to.deep.equal(["outage:dropbox-sign"]);
    expect(namedAfter(3 * DAY_MS)).to.deep.equal([]);
  });
});

describe("the published schedules", () => {
  const minutesOf = (provider: string) => (retriesOf(provider).givesUpAfter ?? 0) / MINUTE_MS;

  it("add up as the providers say", () => {
    expect(minutesOf("lumin")).to.equal(30 * 60 + 20);
    expect(minutesOf("docuseal")).to.equal(2_047);
    expect(minutesOf("yousign")).to.equal(2 + 6 + 30 + 60 + 5 * 60 + 18 * 60 + 24 * 60 + 48 * 60);
  });

  it("are known, or known to be unpublished, for every shipped mapping", () => {
    const shipped = readdirSync(fileURLToPath(new URL("../../mappings/", import.meta.url)));
    const published = shipped.map((file) => file.replace(".yaml", "")).filter((name) => minutesOf(name) > 0);
    expect(published).to.deep.equal([
      ...["adobe-acrobat-sign", "boldsign", "docuseal", "dropbox-sign", "lumin", "xodo-sign", "yousign"],
    ]);
  });
});
