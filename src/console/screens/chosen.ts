import { z } from "zod";
import { ATTEMPT_CAUSES, PARK_REASONS } from "../../domain/delivery.ts";
import { EVENT_TYPES } from "../../domain/event.ts";
import type { AcknowledgeFilter } from "../../store/port/control.ts";
import { moment, wordOf } from "../../web/input.ts";
import { whyParked } from "../elements/delivery.ts";
import { addressOf } from "../elements/form.ts";
import { jobPage } from "../elements/links.ts";
import { facts } from "../elements/table.ts";
import { foreign } from "../elements/text.ts";
import type { Html } from "../html.ts";
import type { Job } from "../jobs.ts";
import type { Done, Fields } from "../screen.ts";

/** Which deliveries are changed together, as an address or a form says it, and where that leads to. */

/** `parked`: the reason, since `reason` is why an operator changes something. */
export const CHOSEN = (now: number) => ({
  destination: z.string("must name a destination").min(1, "must name a destination"),
  parked: wordOf(PARK_REASONS).optional(),
  cause: wordOf(ATTEMPT_CAUSES).optional(),
  since: moment(now).optional(),
  type: z.enum(EVENT_TYPES, "must be an event type").optional(),
  document: z.string().optional(),
});

type Chosen = Omit<AcknowledgeFilter, "reason"> &
  Pick<z.infer<z.ZodObject<ReturnType<typeof CHOSEN>>>, "parked">;

/** As the store takes it. */
export function filterOf<C extends Chosen>({ parked, ...rest }: C): Omit<C, "parked"> & AcknowledgeFilter {
  return { ...rest, reason: parked };
}

/** What is chosen, for a person. `fields`: as the address has it. */
export function chosenFacts(chosen: Chosen, fields: Fields, deliveries: string): Html {
  const { destination, parked, cause, type, document } = chosen;
  return facts([
    ["destination", destination],
    ["deliveries", deliveries],
    ["parked because", parked !== undefined && whyParked(parked)],
    ["last attempt", cause],
    ["document", document !== undefined && foreign(document, 100)],
    ["event type", type],
    ["recorded", fields.since !== undefined && `since ${fields.since}`],
  ]);
}

/** One call to the store changes this many. */
export const PAGE = 1_000;

/** The page of a job that goes on. */
export function afterStart({ id }: Pick<Job, "id">): Done {
  return { to: jobPage(id), said: "It has begun, and goes on by itself." };
}

/** The page after a job was started: its own while it runs, otherwise the document or the deliveries. */
export function afterJob(job: Job, { destination, document }: Chosen, said: string): Done {
  if (job.state === "running") return afterStart(job);
  const to =
    document === undefined
      ? addressOf("/deliveries", { destination })
      : addressOf("/document", { id: document });
  return { to, said };
}
