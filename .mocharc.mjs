import { availableParallelism } from "node:os";

export default {
  extension: ["ts"],
  require: ["./test/support/setup.ts"],
  reporter: "./test/support/reporter.ts",
  timeout: 60_000,
  "forbid-only": true,
  // For --parallel: one more than there are processors, as some suites wait for processes and servers.
  jobs: availableParallelism() + 1,
};
