import { expect } from "chai";
import { ParityReport } from "../../src/parity/report.ts";
import { aWindow, DAY, nameOf, toldBy, without } from "../parity/window.ts";
import { tidy } from "../support/bridge.ts";
import { aParityBridge, parityConfig } from "./parity-bridge.ts";
import { KINDS, needPostgres, STORES } from "./stores.ts";

const SIDES = [
  "--source",
  "legalesign",
  "--old",
  "upon,batch",
  "--new",
  "realtime",
  "--since",
  "7d",
  "--json",
];

for (const kind of KINDS) {
  describe(`countersign parity on a ${kind} store, beside a running bridge`, function () {
    this.timeout(180_000);
    if (kind === "postgres") before(needPostgres);
    afterEach(tidy);

    it("names exactly the losses, keeps the report, and passes once they are accepted", async () => {
      const whole = aWindow({
        ...{ documents: 48, signers: 1, channels: ["upon", "batch", "realtime"] },
        ...{ faults: ["repeat", "reorder"] as const, start: Date.now() - 6 * DAY },
      });
      const lost = new Set(whole.chance.sample(toldBy(whole, ["batch", "realtime"]), 3));
      const window = without(whole, lost, ["realtime"]);
      const { run, bridge } = await aParityBridge(window, parityConfig(await STORES[kind]()));
      const { code, stdout, stderr } = await run("parity", ...SIDES);
      expect([code, stderr]).to.deep.equal([1, ""]);
      const { losses, control } = ParityReport.parse(JSON.parse(stdout));
      const unexplained = losses.filter((one) => one.class === "unexplained");
      expect(unexplained.map(nameOf).sort()).to.deep.equal([...lost].map(nameOf).sort());
      expect(control.found).to.equal(control.injected).and.to.be.above(0);

      for (const { id } of unexplained)
        await run("parity", "accept", id, "--source", "legalesign", "--reason", "a test");
      expect((await run("parity", ...SIDES)).code).to.equal(0);
      const { items } = (await bridge.admin("/api/v1/parity/reports")).body;
      expect(items.map(({ result }: { result: string }) => result)).to.deep.equal(["passed", "failed"]);
    });
  });
}
