import type { Opening } from "../../domain/breaker.ts";
import { formatDuration } from "../../domain/quantity.ts";
import type { DestinationView } from "../../web/find-destinations.ts";
import { status } from "../elements/status.ts";
import { section, table } from "../elements/table.ts";
import { momentAndWhen } from "../elements/time.ts";
import { type Content, html } from "../html.ts";

/** When the circuit breaker of a destination was open. `openings`: the newest first. */
export function breakerHistory(
  openings: readonly Opening[],
  { breaker }: DestinationView,
  now: number,
): Content {
  const isOpen = breaker?.probeAt != null;
  const lasting = isOpen && openings[0]?.closedAt === null ? openings[0] : null;
  return section(
    "When its circuit breaker was open",
    openings.length === 0
      ? html`<p class="note">${isOpen ? "It is open since before this was noted." : "Never, as far as it was noted."}</p>`
      : table(
          "Times in which the circuit breaker was open, the newest first",
          [
            { heading: "opened", isName: true, cell: ({ openedAt }) => momentAndWhen(openedAt, now) },
            { heading: "open for", cell: (one) => lengthOf(one, one.openedAt === lasting?.openedAt, now) },
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
          openings.map((one) => (one === lasting && breaker ? { ...one, ...countsOf(breaker) } : one)),
        ),
  );
}

function countsOf({ failures, probes }: Pick<Opening, "failures" | "probes">) {
  return { failures, probes };
}

/** It closed unseen where the process that closed it ended before it could write that down. */
function lengthOf({ openedAt, closedAt }: Opening, isLasting: boolean, now: number): Content {
  if (closedAt !== null) return formatDuration(wholeSeconds(closedAt - openedAt));
  if (!isLasting) return html`<span class="note">not known: it was not seen to close</span>`;
  return status("bad", `still open, for ${formatDuration(wholeSeconds(now - openedAt))}`);
}

function wholeSeconds(milliseconds: number): number {
  return Math.max(1_000, Math.round(milliseconds / 1_000) * 1_000);
}
