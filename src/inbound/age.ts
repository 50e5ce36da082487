import { formatDuration } from "../domain/quantity.ts";
import type { AgeRule } from "../mapping/check.ts";
import { formatPlace } from "../mapping/request-place.ts";
import { toTime } from "../mapping/transform.ts";
import type { Refusal } from "./credentials.ts";
import type { OpenedRequest } from "./request.ts";
import { onlyIn } from "./signature.ts";

/**
 * Refuses a request whose signed time is too old, or too far ahead of the clock. Null: its age is accepted.
 */
export function refuseAge(request: OpenedRequest, rule: AgeRule): Refusal | null {
  if (rule.past === null) return null;
  const place = formatPlace(rule.part.place);
  const bytes = onlyIn(request, rule.part);
  if (!(bytes instanceof Uint8Array)) return bytes;
  const age = request.receivedAt - toTime(rule.as, Buffer.from(bytes).toString("latin1"));
  if (Number.isNaN(age)) return { refused: `what ${place} has is no time in ${rule.as}` };
  if (age > rule.past) {
    const accepted = formatDuration(rule.past);
    return {
      refused: `the request is ${inWords(age)} old by ${place}, and at most ${accepted} are accepted: an old request sent again, or a clock that is wrong`,
    };
  }
  if (-age > rule.future) {
    const accepted = formatDuration(rule.future);
    return {
      refused: `the request is ${inWords(-age)} ahead of the bridge's clock by ${place}, and at most ${accepted} are accepted: is a clock wrong?`,
    };
  }
  return null;
}

function inWords(milliseconds: number): string {
  return formatDuration(Math.ceil(milliseconds / 1_000) * 1_000);
}
