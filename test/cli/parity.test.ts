import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { ParityReport } from "../../src/parity/report.ts";
import { aWindow, DAY, nameOf, toldBy, type Window, without } from "../parity/window.ts";
import { tidy } from "../support/bridge.ts";
import { nth } from "../support/only.ts";
import { aParityBridge, type ParityBridge, parityConfig } from "./parity-bridge.ts";

const SIDES = ["--source", "legalesign", "--old", "batch", "--new", "realtime", "--since", "7d"];
const PRIVATE_KEY = "whsk_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const PUBLIC_KEY = "whpk_A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=";

const reportIn = (stdout: string): ParityReport => ParityReport.parse(JSON.parse(stdout));

/** A hundred documents of the last days, each told by both channels. */
const whole = (channels: readonly string[] = ["batch", "realtime"]) =>
  aWindow({ documents: 60, signers: 1, channels, start: Date.now() - 6 * DAY });

/** The same, where the new channel lost some signatures. */
function lossy(count = 2): { window: Window; lost: string[] } {
  const window = whole();
  const signed = toldBy(window, ["batch", "realtime"]).filter(({ type }) => type === "signer.signed");
  const lost = new Set(signed.slice(0, count));
  return { window: without(window, lost, ["realtime"]), lost: [...lost].map(nameOf).sort() };
}

describe("countersign parity", () => {
  afterEach(tidy);

  it("passes with exit code 0 where both channels tell the same, and the bridge keeps the report", async () => {
    const { run, bridge } = await aParityBridge(whole());
    const { code, stdout, stderr } = await run("parity", ...SIDES);
    expect([code, stderr]).to.deep.equal([0, ""], stdout);
    expect(stdout).to.match(/^Passed: \d+ happenings compared, 100 % told by both or explained/);
    const { items } = (await bridge.admin("/api/v1/parity/reports")).body;
    expect(nth(items, 0)).to.include({ source: "legalesign", result: "passed", unexplained: 0 });
    const kept = (await bridge.admin(`/api/v1/parity/reports/${nth<{ id: string }>(items, 0).id}`)).body;
    expect(ParityReport.parse(kept).verdict.result).to.equal("passed");
    expect((await bridge.admin("/metrics")).body).to.include(
      'countersign_parity_unexplained{source="legalesign"} 0\n',
    );
  });

  it("fails with exit code 1 and names each loss, and metric and concern say so until one passes", async () => {
    const { window, lost } = lossy();
    const { run, bridge } = await aParityBridge(window);
    const { code, stdout } = await run("parity", ...SIDES, "--json");
    expect(code).to.equal(1);
    const report = reportIn(stdout);
    const losses = report.losses.filter((one) => one.class === "unexplained");
    expect(losses.map(nameOf).sort()).to.deep.equal(lost);
    for (const { sentence, old, event } of losses) {
      expect(sentence).to.include(old?.receipt).and.include("The new side did not");
      expect(event).to.match(/^evt_/);
    }
    expect((await bridge.admin("/metrics")).body).to.include(
      'countersign_parity_unexplained{source="legalesign"} 2\n',
    );
    const { items } = (await bridge.admin("/api/v1/concerns")).body;
    expect(items.map(({ id }: { id: string }) => id)).to.include("parity_failed:legalesign");
  });

  it("tells the losses as text, with the command that explains each", async () => {
    const { window, lost } = lossy(1);
    const { run } = await aParityBridge(window);
    const { stdout } = await run("parity", ...SIDES);
    expect(stdout).to.match(/^Failed by .*terminal losses/);
    const [, document] = nth(lost, 0).split(" ");
    expect(stdout)
      .to.include(`document ${document}`)
      .and.match(/\$ countersign explain evt_[a-z0-9]{26}\n/);
  });

  it("passes once each loss is accepted with a reason, and fails again once that is revoked", async () => {
    const { window } = lossy();
    const { run, bridge } = await aParityBridge(window);
    const [first, second] = reportIn((await run("parity", ...SIDES, "--json")).stdout).losses;
    const because = ["--source", "legalesign", "--reason", "signed on paper"];
    expect((await run("parity", "accept", first?.id ?? "", ...because)).stdout).to.match(
      /^pex_\S+ accepted\n$/,
    );
    const half = await run("parity", ...SIDES, "--json");
    expect([half.code, reportIn(half.stdout).verdict.coverage.unexplained]).to.deep.equal([1, 1]);
    await run("parity", "accept", second?.id ?? "", ...because);
    const both = await run("parity", ...SIDES, "--json");
    expect(both.code).to.equal(0);
    expect(reportIn(both.stdout).losses[0]).to.have.nested.property("accepted.reason", "signed on paper");
    expect(reportIn(both.stdout).exceptions.map(({ used }) => used)).to.deep.equal([1, 1]);

    const listed = (await run("parity", "exceptions", "--json")).stdout.trim().split("\n");
    const { id } = JSON.parse(nth(listed, 1));
    expect((await run("parity", "revoke", id, "--reason", "it was not")).stdout).to.equal(`${id} revoked\n`);
    expect((await run("parity", ...SIDES)).code).to.equal(1);
    const { items } = (await bridge.admin("/api/v1/audit?order=oldest")).body;
    expect(items.map(({ action }: { action: string }) => action)).to.deep.equal([
      "parity_accept",
      "parity_accept",
      "parity_revoke",
    ]);
  });

  it("accepts all losses of a type on one side, and no others", async () => {
    const { run } = await aParityBridge(lossy().window);
    const accept = (missing: string) =>
      run(
        ...["parity", "accept", "--source", "legalesign", "--type", "signer.signed"],
        ...["--missing", missing, "--reason", "a test"],
      );
    await accept("old");
    expect((await run("parity", ...SIDES)).code).to.equal(1);
    await accept("new");
    expect((await run("parity", ...SIDES)).code).to.equal(0);
  });

  it("refuses to accept what it cannot tell from other findings, or without a reason", async () => {
    const { run } = await aParityBridge(whole());
    const finding = `par_${"0".repeat(26)}`;
    for (const [args, message] of [
      [["accept", "par_1", "--source", "legalesign", "--reason", "x"], "must be the id of a finding"],
      [["accept", finding, "--source", "legalesign"], "must say why"],
      [["accept", finding, "--reason", "x"], "must name a source"],
      [["accept", "--source", "legalesign", "--type", "signer.signed", "--reason", "x"], "must name either"],
      [["revoke", "pex_1", "--reason", "x"], "there is no exception pex_1"],
    ] as const) {
      const { code, stderr } = await run("parity", ...args);
      expect([code, stderr.includes(message)], stderr).to.deep.equal([1, true]);
    }
  });

  describe("cannot be evaluated, with exit code 2,", () => {
    let there: ParityBridge;
    beforeEach(async () => {
      there = await aParityBridge(whole(), parityConfig(undefined, "retention: { receipts: 10d }"));
    });

    const refusal = async (...args: string[]) => {
      const { code, stdout, stderr } = await there.run("parity", ...args);
      expect(code).to.equal(2);
      return `${stderr}${stdout}`;
    };
    const between = (old: string, other: string, ...more: string[]) =>
      refusal("--source", "legalesign", "--old", old, "--new", other, "--since", "7d", ...more);

    it("where a channel is compared with itself", async () => {
      expect(await between("batch", "batch")).to.include("legalesign/batch is on both sides");
      expect(await between("upon,batch", "realtime,batch")).to.include("legalesign/batch is on both sides");
      expect(await between("legalesign/*", "realtime")).to.include("realtime is on both sides");
    });

    it("where a side or its source is missing or not configured", async () => {
      expect(await refusal("--old", "batch")).to.include("name both sides");
      expect(await refusal("--old", "batch", "--new", "realtime")).to.include("name its source as well");
      expect(await between("batch", "live")).to.include("there is no channel legalesign/live: there are ");
    });

    it("where nothing is told in the window", async () => {
      expect(
        await refusal("--old", "legalesign/batch", "--new", "legalesign/realtime", "--since", "1m"),
      ).to.include("No happening was told by both sides");
    });

    it("where a channel was silent throughout", async () => {
      expect(await between("upon", "realtime")).to.include(
        "legalesign/upon has no kept request in the whole window",
      );
    });

    it("where fewer pairs were found than wanted", async () => {
      expect(await between("batch", "realtime", "--min-pairs", "100000")).to.include("and 100000 are wanted");
    });

    it("where the window begins before what is kept", async () => {
      expect(await between("batch", "realtime", "--since", "11d")).to.include(
        "requests are kept for 10 days",
      );
    });

    it("where the moment is none", async () => {
      expect(await between("batch", "realtime", "--since", "yesterday")).to.include("--since yesterday");
    });
  });

  it("cannot be evaluated where the bridge reads by another mapping than the configuration", async () => {
    const { run, folder } = await aParityBridge(whole());
    const shipped = readFileSync(new URL("../../mappings/legalesign.yaml", import.meta.url), "utf8");
    mkdirSync(join(folder, "mappings"));
    writeFileSync(join(folder, "mappings", "legalesign.yaml"), `${shipped}\n# changed\n`);
    const { code, stdout } = await run("parity", ...SIDES);
    expect(code).to.equal(2);
    expect(stdout).to.include("run `countersign reload`");
  });

  it("signs a report, and verifies that it was not changed", async () => {
    const { run, folder } = await aParityBridge(whole());
    const file = join(folder, "proof.json");
    const verify = (key: string) => run("parity", "verify", file, "--key", key);
    for (const [signer, keys, wrong] of [
      [PRIVATE_KEY, [PUBLIC_KEY, PRIVATE_KEY], "crm"],
      ["crm", ["crm"], PUBLIC_KEY],
    ] as const) {
      const { code, stdout } = await run("parity", ...SIDES, "--json", "--sign", signer);
      expect(code).to.equal(0);
      writeFileSync(file, stdout);
      for (const key of keys)
        expect(await verify(key))
          .to.deep.include({ code: 0, stderr: "" })
          .and.property("stdout")
          .to.include("genuine");
      expect(await verify(wrong)).to.include({ code: 1 });
      const changed = stdout.replace(/"unexplained":0/, '"unexplained":1');
      expect(changed).not.to.equal(stdout);
      writeFileSync(file, changed);
      expect((await verify(nth(keys, 0))).stderr).to.include("was changed since");
    }
    writeFileSync(file, "{}");
    expect(await verify(PUBLIC_KEY)).to.include({ code: 2 });
  });

  it("verifies with exit code 1 what is genuine and failed", async () => {
    const { run, folder } = await aParityBridge(lossy().window);
    const file = join(folder, "proof.json");
    writeFileSync(file, (await run("parity", ...SIDES, "--json", "--sign", PRIVATE_KEY)).stdout);
    const { code, stdout } = await run("parity", "verify", file, "--key", PUBLIC_KEY);
    expect(code).to.equal(1);
    expect(stdout).to.include("genuine: prf_").and.include("Failed by ");
  });

  it("writes an HTML file that stands alone and shows no personal data", async () => {
    const { window } = lossy();
    const { run, folder } = await aParityBridge(window);
    const file = join(folder, "proof.html");
    const { stdout } = await run("parity", ...SIDES, "--html", file, "--json");
    const html = readFileSync(file, "utf8");
    expect(html)
      .to.match(/^<!doctype html>/)
      .and.include("@media print")
      .and.include("missing on the new side");
    expect(html).not.to.match(/<script|src=|href=|@import|url\(/);
    expect(`${html}${stdout}`).not.to.include("@example.com");
  });

  it("shows the items as they were sent only with --full and a reason, which is audited", async () => {
    const { run, runAlone, bridge } = await aParityBridge(lossy(1).window);
    const refused = await run("parity", ...SIDES, "--full");
    expect([refused.code, refused.stderr.includes("say why with --reason")]).to.deep.equal([2, true]);
    const full = ["--full", "--reason", "a question of the provider", "--json"];
    const report = reportIn((await run("parity", ...SIDES, ...full)).stdout);
    expect(report.full).to.equal(true);
    expect(JSON.parse(report.losses[0]?.old?.item ?? "{}")).to.have.property("resource_uri");
    const { items } = (await bridge.admin("/api/v1/audit")).body;
    expect(nth(items, 0)).to.deep.include({
      action: "parity_full",
      reason: "a question of the provider",
      details: { old: "batch", new: "realtime" },
    });
    expect((await bridge.admin("/api/v1/parity/reports")).body.items).to.deep.equal([]);
    expect(await runAlone("parity", ...SIDES, ...full)).to.include({ code: 2, stdout: "" });
  });

  it("compares without a bridge that runs as well, and says that the report is not kept", async () => {
    const { bridge, runAlone } = await aParityBridge(whole());
    await bridge.stop();
    const { code, stderr } = await runAlone("parity", ...SIDES);
    expect(code).to.equal(0);
    expect(stderr).to.include("the report is not kept: no bridge answers");
  });

  it("compares with what is configured, and names the ignored fields", async () => {
    const rest = `parity: { minPairs: 100000, ignore: [{ field: document.title, reason: "cut by the provider" }] }`;
    const { run } = await aParityBridge(whole(), parityConfig(undefined, rest));
    expect((await run("parity", ...SIDES)).stdout).to.include("100000 are wanted");
    const { code, stdout } = await run("parity", ...SIDES, "--min-pairs", "30");
    expect(code).to.equal(0);
    expect(stdout).to.include("ignored document.title, which matched nothing: cut by the provider");
  });
});
