import { relative } from "node:path";
import { type MochaOptions, type Runner, reporters, type Test } from "mocha";

/**
 * The usual report, then the files in which something failed, and a last line that a machine can read: `N
 * passed, N failed`. A process of a parallel run that dies is a failure of the file it was at.
 */
export default class Reporter extends reporters.Spec {
  constructor(runner: Runner, options: MochaOptions) {
    super(runner, options);
    const files = new Set<string>();
    runner.on("fail", (test: Test, error: { file?: string }) => {
      const file = error.file ?? test.file;
      if (file) files.add(relative(process.cwd(), file));
    });
    runner.once("end", () => {
      const { passes = 0, failures = 0, pending = 0 } = runner.stats ?? {};
      const skipped = pending > 0 ? `, ${pending} skipped` : "";
      for (const file of files) process.stdout.write(`failed in ${file}\n`);
      process.stdout.write(`${passes} passed, ${failures} failed${skipped}\n`);
    });
  }
}
