import Router from "@koa/router";
import type Koa from "koa";
import { koaBody } from "koa-body";
import { z } from "zod";
import { CountersignError } from "../domain/errors.ts";
import { EVENT_TYPES } from "../domain/event.ts";
import type { KeptParityReport, ParityException } from "../domain/parity.ts";
import { ParityReport } from "../parity/report.ts";
import type { Store } from "../store/store.ts";
import { auditChange, REASON, refuseBody } from "./audit.ts";
import { callerIn, mayChange } from "./callers.ts";
import { listParameters, parseInput, splitList, wordOf } from "./input.ts";

export interface ParityParts {
  store: Store;
  newExceptionId(at: number): string;
  /** Milliseconds since 1970. */
  now(): number;
}

/** A report lists some ten thousand findings at most. */
const MAX_REPORT = "32mb";

/** Parity reports that `countersign parity` made, and the exceptions that operators accepted. */
export function parityRoutes(parts: ParityParts): Router {
  const { store, now } = parts;
  const router = new Router({ prefix: "/api/v1/parity" });
  const body = (jsonLimit: string) =>
    koaBody({ json: true, urlencoded: false, text: false, multipart: false, jsonLimit, onError: refuseBody });
  router.get("/reports", async (context) => {
    const { page, filter } = splitList(parseInput(ReportQuery(now()), context.query));
    context.body = await store.findProofs(filter, page);
  });
  router.get("/reports/:id", async (context) => {
    const { id = "" } = context.params;
    const kept = await store.findProof(id);
    if (!kept) throw new CountersignError("not_found", `there is no parity report ${id}`);
    context.body = kept.report;
  });
  router.post("/reports", mayChange, body(MAX_REPORT), (context) => keepReport(context, parts));
  router.get("/exceptions", async (context) => {
    context.body = { items: await store.parityExceptions(), next: null };
  });
  router.post("/exceptions", mayChange, body(MAX_BODY), (context) => accept(context, parts));
  router.post("/exceptions/:id/revoke", mayChange, body(MAX_BODY), (context) => revoke(context, parts));
  router.post("/disclosures", mayChange, body(MAX_BODY), (context) => disclose(context, parts));
  return router;
}

const MAX_BODY = "64kb";

/** `now`: milliseconds since 1970. */
export const ReportQuery = (now: number) =>
  z.strictObject({ ...listParameters(now), source: z.string().optional() });

async function keepReport(context: Koa.Context, { store }: ParityParts): Promise<void> {
  const report = parseInput(ParityReport, context.request.body);
  if (report.full)
    throw new CountersignError(
      "bad_request",
      "full: a report with personal data is not kept: make it without",
    );
  await store.keepProof(toKept(report));
  context.body = { kept: true };
}

function toKept(report: ParityReport): KeptParityReport {
  const { id, createdAt, verdict, scope } = report;
  return {
    id,
    at: Date.parse(createdAt),
    source: scope.old[0]?.split("/")[0] ?? "",
    result: verdict.result,
    unexplained: verdict.coverage.unexplained + verdict.integrity.unsafe,
    report,
  };
}

const name = z.string("must name a source").min(1, "must name a source").max(100);

const AcceptBody = z
  .strictObject({
    source: name,
    finding: z
      .string()
      .regex(/^par_[a-z0-9]{26}$/, "must be the id of a finding, par_…")
      .optional(),
    type: wordOf(EVENT_TYPES).optional(),
    missing: wordOf(["old", "new"]).optional(),
    reason: REASON,
  })
  .refine(
    ({ finding, type, missing }) =>
      finding === undefined
        ? type !== undefined && missing !== undefined
        : type === undefined && missing === undefined,
    "must name either a finding, or a type and the side that does not tell it",
  );

async function accept(context: Koa.Context, parts: ParityParts): Promise<void> {
  const { store, now, newExceptionId } = parts;
  const given = parseInput(AcceptBody, context.request.body);
  const { source, finding = null, type = null, missing = null, reason } = given;
  const at = now();
  const exception: ParityException = {
    ...{ id: newExceptionId(at), at, by: callerIn(context), reason, source, finding, type, missing },
  };
  await store.addParityException(exception);
  await auditChange(context, "parity_accept", reason, { source, finding, type, missing }, parts);
  context.body = exception;
}

async function revoke(context: Koa.Context, parts: ParityParts): Promise<void> {
  const { id = "" } = context.params;
  const { reason } = parseInput(z.strictObject({ reason: REASON }), context.request.body);
  const exception = (await parts.store.parityExceptions()).find((one) => one.id === id);
  const isDropped = exception !== undefined && (await parts.store.dropParityException(id));
  if (!isDropped) throw new CountersignError("not_found", `there is no exception ${id}`);
  await auditChange(context, "parity_revoke", reason, { exception: id }, parts);
  context.body = exception;
}

const DiscloseBody = z.strictObject({
  old: z.string().max(1_000),
  new: z.string().max(1_000),
  reason: REASON,
});

/** Notes in the audit log that a report with personal data is made. */
async function disclose(context: Koa.Context, parts: ParityParts): Promise<void> {
  const { old, new: others, reason } = parseInput(DiscloseBody, context.request.body);
  await auditChange(context, "parity_full", reason, { old, new: others }, parts);
  context.body = { audited: true };
}
