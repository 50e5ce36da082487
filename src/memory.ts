import { PerformanceObserver } from "node:perf_hooks";
import { env, execArgv } from "node:process";
import v8 from "node:v8";

/** As much as is of use: with 128 MB the way in is no faster. Bytes. */
const YOUNG_GENERATION_BYTES = 32 * 1_024 ** 2;

/**
 * Where memory is plenty V8 lets the heap's young generation grow to 128 MB, which is more than all else that a bridge has. It
 * stops growing once it is as large as is of use, unless whoever started the process has said how large it may be
 * (`--max-semi-space-size`). V8 takes that flag at the start only, but looks at the factor by which it grows each time.
 */
export function limitYoungGeneration(): void {
  const flags = [env.NODE_OPTIONS, ...execArgv];
  if (flags.some((flag) => flag?.includes("semi-space"))) return;
  const observer = new PerformanceObserver(() => {
    if (youngGeneration() < YOUNG_GENERATION_BYTES) return;
    v8.setFlagsFromString("--semi-space-growth-factor=1");
    observer.disconnect();
  });
  observer.observe({ entryTypes: ["gc"] });
}

/** Its size at this moment, in bytes. */
function youngGeneration(): number {
  return v8.getHeapSpaceStatistics().find((space) => space.space_name === "new_space")?.space_size ?? 0;
}
