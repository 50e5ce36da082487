import { formatMoment } from "../domain/moment.ts";
import { plural } from "../domain/quantity.ts";
import type { Concern } from "./concern.ts";
import { raise } from "./raise.ts";
import type { Situation } from "./situation.ts";
import { DAY_MS } from "./words.ts";

/** Nobody goes on with an older report. */
const REPORT_MS = 14 * DAY_MS;

/** The newest report on whether a new channel tells all that the old one tells. */
export function parityConcerns({ proofs, now }: Situation): Concern[] {
  return proofs
    .filter(({ result, at }) => result === "failed" && now - at < REPORT_MS)
    .map(({ source, at, unexplained }) =>
      raise("parity_failed", {
        subject: { source },
        since: at,
        count: Math.max(1, unexplained),
        facts: { source, at: formatMoment(at), findings: plural(unexplained, "finding") },
      }),
    );
}
