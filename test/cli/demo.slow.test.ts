import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rmdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import { expect } from "chai";
import { DEMO_STEPS, type DemoStep } from "../../src/cli/demo/demo-steps.ts";
import { LEGALESIGN_BATCH, LEGALESIGN_UPON, LUMIN_SENT } from "../../src/cli/demo/posts.ts";
import { demo } from "../../src/cli/demo.ts";
import { run } from "../../src/cli/run.ts";
import type { Terminal } from "../../src/cli/terminal.ts";

/** A terminal that stores the output, and whose user may react to it, as with Ctrl-C. */
function aTerminal(watch: (printed: string, interrupt: () => void) => void = () => {}) {
  const stopping = new AbortController();
  const printed = { out: "", err: "" };
  const stream = (key: keyof typeof printed) =>
    new Writable({
      write(chunk, _encoding, done) {
        printed[key] += stripVTControlCharacters(String(chunk));
        watch(printed.out, () => stopping.abort("SIGINT"));
        done();
      },
    });
  const terminal: Terminal = {
    env: {},
    stdout: stream("out"),
    stderr: stream("err"),
    signal: stopping.signal,
    onReload() {},
  };
  return { terminal, printed };
}

/** The demo's steps, one of them with another expectation. */
function stepsWith(title: string, expected: (step: DemoStep) => Partial<DemoStep["expected"]>): DemoStep[] {
  return DEMO_STEPS.map((step) =>
    step.title.includes(title) ? { ...step, expected: { ...step.expected, ...expected(step) } } : step,
  );
}

describe("countersign demo", function () {
  // Longer than the demo's own limit, so that its sentence is what a failure shows.
  this.timeout(40_000);
  const outer = process.env.TMPDIR;
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "demo-test-"));
    process.env.TMPDIR = folder;
  });

  afterEach(async () => {
    if (outer === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = outer;
    expect(readdirSync(folder), "what it left behind").to.deep.equal([]);
    await rmdir(folder);
  });

  it("runs all steps, and ends with their counts", async () => {
    const { terminal, printed } = aTerminal();
    const code = await run(["demo"], terminal);
    expect(printed.err).to.equal("");
    expect(code).to.equal(0);
    expect(printed.out).to.contain(
      "✓ 11 events in, 11 forwarded, 11 verified; 1 forged refused; 10 repeats recognised; 1 retry\n",
    );
    expect(printed.out.match(/✗.*/g)).to.deep.equal(["✗ answered 503"]);
  });

  it("fits a terminal of a hundred columns", async () => {
    const { terminal, printed } = aTerminal();
    await run(["demo"], terminal);
    expect(printed.out.split("\n").filter((line) => line.length > 100)).to.deep.equal([]);
  });

  it("ends with 1 when a post gives other events than expected, and names both", async () => {
    const { terminal, printed } = aTerminal();
    const steps = stepsWith("six-minute", ({ expected: { events } }) => ({ events: events.toReversed() }));
    expect(await demo({ steps, keep: true }, terminal)).to.equal(1);
    expect(printed.err).to.match(/^countersign: the demo failed: in step 3, /);
    expect(printed.err).to.match(
      new RegExp(
        "what is forwarded about signers/\\S+ should be esign\\.signer\\.signed, .+, " +
          "and was esign\\.signer\\.scheduled, ",
      ),
    );
    expect(printed.err.trimEnd()).not.to.contain("\n");
    expect(printed.out).not.to.contain("events in");
  });

  it("ends with 1 when a post gets another answer than expected, and names both", async () => {
    const { terminal, printed } = aTerminal();
    const steps = stepsWith("stranger", () => ({ status: 200 }));
    expect(await demo({ steps, keep: false }, terminal)).to.equal(1);
    expect(printed.err).to.contain(
      "in step 2, the answer should be 200, 0 new events, 0 repeats, and was 401\n",
    );
  });

  it("ends at once upon Ctrl-C, with 130", async () => {
    const { terminal, printed } = aTerminal((out, interrupt) => {
      if (out.includes("POST /in/legalesign/upon")) interrupt();
    });
    expect(await run(["demo"], terminal)).to.equal(130);
    expect(printed.err).to.equal("");
    expect(printed.out).not.to.contain("events in");
  });

  it("keeps running with --keep, shows each request, and ends with 0 upon Ctrl-C", async () => {
    let answered: Promise<number> | undefined;
    const { terminal, printed } = aTerminal((out, interrupt) => {
      const [, url = "", fields = ""] = /curl '(http\S+upon\S+)' \\\n\s+(.+)/.exec(out) ?? [];
      if (out.includes("from now on") && !answered) answered = postAs(url, fields);
      if (out.includes("documents/my-document")) interrupt();
    });
    expect(await run(["demo", "--keep"], terminal)).to.equal(0);
    expect(await answered).to.equal(200);
    expect(printed.out).to.match(/esign\.document\.\w+ .+ ✓ verified {2}documents\/my-document\n$/);
  });
});

/** The request of the printed curl command. */
async function postAs(url: string, options: string): Promise<number> {
  const fields = [...options.matchAll(/-d (?:(\w+)=)'?([^'\s]+(?: \w+)?)'?/g)].map(
    ([, name = "", value = ""]): [string, string] => [name, value],
  );
  const { status } = await fetch(url, { method: "POST", body: new URLSearchParams(fields) });
  return status;
}

describe("what countersign demo posts", () => {
  const sample = (name: string) => readFileSync(new URL(`../fixtures/${name}`, import.meta.url), "utf8");

  it("equals the examples that the providers document, byte for byte", () => {
    expect(LUMIN_SENT.body).to.equal(sample("lumin/vector.json"));
    expect(LEGALESIGN_BATCH.body).to.equal(sample("legalesign/batch.form"));
    expect(LEGALESIGN_UPON.body).to.equal(sample("legalesign/upon.form"));
  });
});
