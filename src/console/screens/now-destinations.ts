import { plural } from "../../domain/quantity.ts";
import type { DeliveryTally } from "../../store/port/reads.ts";
import type { DestinationView } from "../../web/find-destinations.ts";
import { figuresOf, hourly, type Series, sparkline } from "../elements/chart.ts";
import { addressOf } from "../elements/form.ts";
import { destinationPage } from "../elements/links.ts";
import { empty } from "../elements/notice.ts";
import { status } from "../elements/status.ts";
import { section, table } from "../elements/table.ts";
import { foreign } from "../elements/text.ts";
import { when } from "../elements/time.ts";
import { type Content, type Html, html } from "../html.ts";
import type { Visit } from "../screen.ts";
import { CHART_HOURS, DAYS } from "./now-span.ts";

/** Each destination: what waits for it, and how its attempts went. */
export function destinationList(
  destinations: readonly DestinationView[],
  tallies: readonly DeliveryTally[],
  { now }: Visit,
): Html {
  if (destinations.length === 0)
    return section(
      "Destinations",
      empty({
        what: "There is no destination.",
        next: html`Events are stored and forwarded to nobody: add one to <code>destinations</code> of the configuration, then <code>countersign reload</code>.`,
      }),
    );
  const series = new Map(destinations.map(({ name }) => [name, attemptsTo(name, tallies, now)]));
  return section(
    "Destinations",
    html`${table(
      "Destinations with what waits for them",
      [
        {
          heading: "destination",
          isName: true,
          cell: ({ name }) => html`<a href="${destinationPage(name)}">${name}</a>`,
        },
        { heading: "state", cell: (one) => destinationState(one, now) },
        {
          heading: "open",
          isFigure: true,
          cell: ({ name, open }) =>
            open === 0
              ? "0"
              : html`<a href="${addressOf("/deliveries", { destination: name })}">${open.toLocaleString("en")}</a>`,
        },
        { heading: "oldest", cell: ({ oldest }) => (oldest === null ? "–" : when(oldest, now)) },
        { heading: "last attempt", cell: ({ name }) => lastAttempt(name, tallies, now) },
        { heading: "24 hours", cell: ({ name }) => chartOf(series.get(name)) },
      ],
      destinations,
    )}${figuresOf("Attempts by hour", [...series.values()])}`,
  );
}

export function destinationState({ configured, paused, breaker, open }: DestinationView, now: number): Html {
  if (!configured) return status("warning", "not configured");
  if (paused) return status("waiting", html`paused ${when(paused.at, now)}: ${foreign(paused.reason, 80)}`);
  if (breaker?.probeAt != null) return status("bad", html`fails; next probe ${when(breaker.probeAt, now)}`);
  if (breaker) return status("warning", `failed ${plural(breaker.failures, "time")} in a row`);
  return open > 0 ? status("busy", "sending") : status("good", "nothing waits");
}

const OUTCOMES = {
  delivered: ["good", "delivered"],
  failed: ["warning", "failed"],
  parked: ["bad", "parked"],
} as const;

export function lastAttempt(name: string, tallies: readonly DeliveryTally[], now: number): Content {
  const own = tallies.filter(({ destination }) => destination === name);
  const last = own.toSorted((a, b) => b.newest - a.newest)[0];
  if (!last) return html`<span class="note">none for ${DAYS} days</span>`;
  const [tone, word] = OUTCOMES[last.outcome];
  return status(tone, html`${word} ${when(last.newest, now)}`);
}

export function attemptsTo(name: string, tallies: readonly DeliveryTally[], now: number): Series {
  const own = tallies
    .filter(({ destination }) => destination === name)
    .map(({ hour, count, outcome }) => ({ hour, count, isGood: outcome === "delivered" }));
  return {
    label: `To ${name}`,
    good: "delivered",
    bad: "failed or parked",
    hours: hourly(own, now, CHART_HOURS),
  };
}

function chartOf(series: Series | undefined): Content {
  return series && sparkline(series);
}
