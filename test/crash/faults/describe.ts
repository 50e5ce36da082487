import { expect } from "chai";
import { SEED } from "../seed.ts";
import type { Fault } from "./fault.ts";

/**
 * A test for each fault. One that cannot be made on this machine is skipped, with the reason in its title.
 */
export function describeFaults(faults: readonly Fault[]): void {
  describe("a bridge under a fault", function () {
    this.timeout(120_000);

    for (const { name, promise, impossible, run } of faults) {
      it(`${promise} (${name})`, async function () {
        const reason = await impossible();
        if (reason !== null) {
          if (this.test) this.test.title += `: skipped, for ${reason}`;
          this.skip();
        }
        expect((await run(SEED, { brief: true })).complaints).to.deep.equal([]);
      });
    }
  });
}
