import { PerformanceObserver } from "node:perf_hooks";
import { env, execArgv } from "node:process";
import v8 from "node:v8";

/** Enough: with 128 MB the way in is no faster. */
const YOUNG_GENERATION_BYTES = 32 * 1_024 ** 2;

/**
 * Stops the growth of V8's young generation at `bytes`, unless `--max-semi-space-size` was
 * given. On machines with much memory it would grow to 128 MB, more than everything else of a bridge. V8
 * reads that flag at the start only, but the growth factor at each collection.
 */
export function limitYoungGeneration(bytes = YOUNG_GENERATION_BYTES): void {
  const flags = [env.NODE_OPTIONS, ...execArgv];
  if (flags.some((flag) => flag?.includes("semi-space"))) return;
  const observer = new PerformanceObserver(() => {
    if (youngGeneration() < bytes) return;
    v8.setFlagsFromString("--semi-space-growth-factor=1");
    observer.disconnect();
  });
  observer.observe({ entryTypes: ["gc"] });
}

/** Its present size in bytes. */
function youngGeneration(): number {
  return v8.getHeapSpaceStatistics().find((space) => space.space_name === "new_space")?.space_size ?? 0;
}
