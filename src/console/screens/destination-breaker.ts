import type { Opening } from "../../domain/breaker.ts";
import type { DestinationView } from "../../web/find-destinations.ts";
import { status } from "../elements/status.ts";
import { section, table } from "../elements/table.ts";
import { lasted, momentAndWhen } from "../elements/time.ts";
import { type Content, html } from "../html.ts";

/** When the circuit breaker of a destination was open. `openings`: the newest first. */
export function breakerHistory(
  openings: readonly Opening[],
  { breaker }: DestinationView,
  now: number,
): Content {
  const [newest, ...older] = openings;
  const isOpen = breaker?.probeAt != null;
  const isLasting = isOpen && newest?.closedAt === null;
  // Probes that fail are not noted one by one.
  const { failures = 0, probes = 0 } = breaker ?? {};
  return section(
    "When its circuit breaker was open",
    openings.length === 0
      ? html`<p class="note">${isOpen ? "It is open since before this was noted." : "Never, as far as it was noted."}</p>`
      : table(
          "Times in which the circuit breaker was open, the newest first",
          [
            { heading: "opened", isName: true, cell: ({ openedAt }) => momentAndWhen(openedAt, now) },
            {
              heading: "open for",
              cell: (one) => lengthOf(one, isLasting && one.openedAt === newest.openedAt, now),
            },
            {
              heading: "failures in a row",
              isFigure: true,
              cell: ({ failures }) => failures.toLocaleString("en"),
            },
            { heading: "failed probes", isFigure: true, cell: ({ probes }) => probes.toLocaleString("en") },
            {
              heading: "what failed",
              cell: ({ failing }) => (failing === undefined ? "the destination" : "getting an access token"),
            },
          ],
          isLasting ? [{ ...newest, failures, probes }, ...older] : openings,
        ),
  );
}

/** It closed unseen where the process that closed it ended before it could write that down. */
function lengthOf({ openedAt, closedAt }: Opening, isLasting: boolean, now: number): Content {
  if (closedAt !== null) return lasted(closedAt - openedAt);
  if (!isLasting) return html`<span class="note">not known: it was not seen to close</span>`;
  return status("bad", `still open, for ${lasted(now - openedAt)}`);
}
