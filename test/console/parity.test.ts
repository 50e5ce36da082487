import { expect } from "chai";
import { tidy } from "../support/bridge.ts";
import { compare, aComparedBridge as start } from "./compared-bridge.ts";
import { visit } from "./visitor.ts";

async function aComparedBridge(losses: number) {
  const { bridge, run } = await start(losses);
  return { run, visitor: visit(bridge) };
}

describe("parity in the console", () => {
  afterEach(tidy);

  it("says at first that nothing was compared, and how it is", async () => {
    const { visitor } = await aComparedBridge(0);
    const { text } = await visitor.get("/parity");
    expect(text).to.include("Nothing has been compared yet.").and.include("No parity report is kept.");
    expect(text).to.include("countersign parity --source SOURCE");
  });

  it("lists the kept reports, and says whether the newest one passed", async () => {
    const { run, visitor } = await aComparedBridge(0);
    await compare(run);
    const { text } = await visitor.get("/parity");
    expect(text).to.include("The newest report of each source passed.").and.include("1 report kept.");
  });

  it("shows each finding of a report with both sides, and the command that accepts it", async () => {
    const { run, visitor } = await aComparedBridge(2);
    const report = await compare(run);
    expect((await visitor.get("/parity")).text).to.include("did not pass for legalesign");
    const { text, html } = await visitor.get(`/parity/${report.id}`);
    expect(text).to.include(report.verdict.sentence);
    for (const { id, old } of report.losses) {
      expect(text).to.include(`countersign parity accept ${id} --source legalesign`);
      expect(html).to.include(`href="/requests/${old?.receipt}"`);
    }
    expect(text).to.include("did not tell it");
  });

  it("says that there is no such report", async () => {
    const { visitor } = await aComparedBridge(0);
    const { status, text } = await visitor.get("/parity/prf_none");
    expect(status).to.equal(404);
    expect(text.toLowerCase()).to.include("there is no parity report");
  });
});
