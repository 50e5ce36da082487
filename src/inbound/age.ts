import { formatDuration } from "../domain/quantity.ts";
import type { AgeRule } from "../mapping/check.ts";
import { formatPlace } from "../mapping/request-place.ts";
import { toTime } from "../mapping/transform.ts";
import type { PayloadRule } from "./at-place.ts";
import type { Refusal } from "./credentials.ts";
import type { RawRequest } from "./request.ts";
import { onlyIn } from "./signature.ts";

/** Why a request is too old, or too far ahead of the clock, by the time that it was signed with; null: it is neither, or may be. */
export function refuseAge(request: RawRequest, rule: AgeRule, read: PayloadRule): Refusal | null {
  if (rule.past === null) return null;
  const place = formatPlace(rule.part.place);
  const bytes = onlyIn(request, rule.part, read);
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
