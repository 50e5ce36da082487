import type Koa from "koa";
import { z } from "zod";
import { CountersignError } from "../domain/errors.ts";
import type { AuditEntry } from "../store/port/control.ts";
import type { Store } from "../store/store.ts";
import { callerIn } from "./callers.ts";

/** What every call that changes something has: a body, with a reason that is kept with time and caller. */

const REASON_RULE = "must say why: it is kept with time and caller";

export const REASON = z.string(REASON_RULE).trim().min(1, REASON_RULE).max(500);

export async function auditChange(
  context: Koa.Context,
  action: string,
  reason: string,
  details: AuditEntry["details"],
  { store, now }: { store: Pick<Store, "addAudit">; now(): number },
): Promise<void> {
  await store.addAudit({ at: now(), action, caller: callerIn(context), reason, details });
}

export function refuseBody(error: Error): never {
  throw new CountersignError("bad_request", `the body is not understood: ${error.message}`);
}
