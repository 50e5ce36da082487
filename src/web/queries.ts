import { z } from "zod";
import { ATTEMPT_CAUSES, DELIVERY_STATUSES, PARK_REASONS } from "../domain/delivery.ts";
import { CountersignError } from "../domain/errors.ts";
import { DOCUMENT_STATUSES, EVENT_TYPES } from "../domain/event.ts";
import { GAPS } from "../domain/gaps.ts";
import { parseDuration } from "../domain/quantity.ts";
import {
  DELIVERY_GROUPS,
  type DeliveryGroup,
  DOCUMENT_SORTS,
  type DocumentFilter,
  type DocumentRequest,
  UNDELIVERED,
} from "../store/port/reads.ts";
import { listParameters, PAGE, parseInput, rangeParameters, splitList, wordOf } from "./input.ts";

/** The queries of the lists. `now`: milliseconds since 1970. */

const name = z.string().optional();

const eventType = z
  .enum(EVENT_TYPES, "must be an event type without its prefix, such as document.sent (docs/events.md)")
  .optional();

const flag = z
  .enum(["true", "false"], "must be true or false")
  .transform((text) => text === "true")
  .optional();

/** The moment so long ago. */
const longerThan = (now: number) =>
  z.string().transform((text, context) => {
    const duration = parseDuration(text);
    if (duration === null) context.addIssue("must be a duration such as 14d or 36h");
    return duration === null ? z.NEVER : now - duration;
  });

const MAX_SEARCH_LENGTH = 200;
const SEARCH_RULE = `must have 1 to ${MAX_SEARCH_LENGTH} characters`;
const searchTerm = z.string().min(1, SEARCH_RULE).max(MAX_SEARCH_LENGTH, SEARCH_RULE);

export const EventQuery = (now: number) =>
  z.strictObject({ ...listParameters(now), type: eventType, source: name, channel: name, document: name });

export const ReceiptQuery = (now: number) =>
  z.strictObject({ ...listParameters(now), source: name, channel: name, problems: flag, shadow: flag });

export const RejectionQuery = (now: number) =>
  z.strictObject({ ...listParameters(now), source: name, channel: name, reason: searchTerm.optional() });

const DocumentQuery = (now: number) =>
  z.strictObject({
    ...listParameters(now),
    source: name,
    id: name,
    status: wordOf(DOCUMENT_STATUSES).optional(),
    search: searchTerm.optional(),
    stuck: longerThan(now).optional(),
    missing: wordOf(GAPS).optional(),
    undelivered: wordOf(UNDELIVERED).optional(),
    sort: wordOf(DOCUMENT_SORTS).optional(),
  });

/** These have an index of their own, in which documents are in the order of their first reports. */
export const SORTED_BY_FIRST_REPORT = ["id", "stuck", "missing"] as const;

/**
 * Which documents a query asks for. @throws CountersignError `bad_request` that names every part that does
 * not fit.
 */
export function documentList(query: unknown, now: number): { filter: DocumentFilter; page: DocumentRequest } {
  const { sort, ...asked } = parseInput(DocumentQuery(now), query);
  const other = SORTED_BY_FIRST_REPORT.find((name) => asked[name] !== undefined);
  if (sort === "last_report" && other !== undefined)
    throw new CountersignError(
      "bad_request",
      `sort: documents chosen by \`${other}\` are sorted by first_report only`,
    );
  const { page, filter } = splitList(asked);
  const { stuck: stuckBefore, missing: gap, ...rest } = filter;
  return { filter: { ...rest, stuckBefore, gap }, page: { ...page, sort } };
}

export const AuditQuery = (now: number) => z.strictObject(listParameters(now));

const DELIVERY_FILTERS = {
  destination: name,
  status: wordOf(DELIVERY_STATUSES).optional(),
  reason: wordOf(PARK_REASONS).optional(),
  cause: wordOf(ATTEMPT_CAUSES).optional(),
  type: eventType,
  source: name,
};

export const DeliveryQuery = (now: number) =>
  z.strictObject({ ...listParameters(now), ...DELIVERY_FILTERS, undelivered: flag, acknowledged: flag });

const GROUP_RULE = `must name some of ${DELIVERY_GROUPS.join(", ")}, separated by commas`;

const groups = z.string(GROUP_RULE).transform((text, context): readonly DeliveryGroup[] => {
  const { success, data } = z.array(z.enum(DELIVERY_GROUPS)).safeParse(text.split(","));
  if (!success) context.addIssue(GROUP_RULE);
  return success ? [...new Set(data)] : z.NEVER;
});

/** Delivered ones are not counted. */
export const GroupQuery = (now: number) =>
  z.strictObject({
    ...rangeParameters(now),
    ...DELIVERY_FILTERS,
    status: wordOf(DELIVERY_STATUSES.filter((status) => status !== "delivered")).optional(),
    group: groups,
    cursor: z.string().optional(),
  });

/** All that a list of one page takes. */
export const OnePageQuery = z.strictObject(PAGE);

export const SourceQuery = z.strictObject({ source: name });
