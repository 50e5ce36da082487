import type { RetrySchedule } from "./situation.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "./words.ts";

const minutes = (...list: number[]) => list.map((count) => count * MINUTE_MS);
const sumOf = (pauses: readonly number[]) => pauses.reduce((sum, pause) => sum + pause, 0);

const UNPUBLISHED: RetrySchedule = { pauses: null, givesUpAfter: null, remark: null };

/** Pauses from one attempt to the next. */
function schedule(pauses: readonly number[], remark: string | null = null): RetrySchedule {
  return { pauses, givesUpAfter: sumOf(pauses), remark };
}

const LUMIN = minutes(5, 15, 45, 135, 405, 1_215);
const BOLDSIGN = minutes(1, 15, 45, 60, 480, 1_440);
const XODO_SIGN = minutes(1, 10, 60, 120, 240, 480, 1_440);
const YOUSIGN = minutes(2, 6, 30, 60, 300, 1_080, 1_440, 2_880);
/** Each pause is twice the one before. */
const DOCUSEAL = Array.from({ length: 11 }, (_, index) => 2 ** index * MINUTE_MS);

/**
 * How each shipped provider repeats a post that failed, as its documentation says. Where that can be read in
 * two ways, `pauses` are the longer reading and `givesUpAfter` is the shorter one. Nothing is guessed: what
 * is not published is null.
 */
const PUBLISHED: Readonly<Record<string, RetrySchedule>> = {
  "adobe-acrobat-sign": {
    pauses: null,
    givesUpAfter: 72 * HOUR_MS,
    remark: "Then it disables the webhook, and what happens meanwhile is lost",
  },
  boldsign: {
    pauses: BOLDSIGN,
    givesUpAfter: DAY_MS,
    remark: "It disables a webhook that fails for a week longer",
  },
  documenso: UNPUBLISHED,
  docuseal: schedule(DOCUSEAL, "That is from its source code; its documentation says within 48 hours"),
  docusign: UNPUBLISHED,
  "dropbox-sign": {
    pauses: null,
    givesUpAfter: 3 * DAY_MS,
    remark: "Its documentation says about three days",
  },
  legalesign: {
    ...UNPUBLISHED,
    remark: "Its dashboard lists what it posted, and can post it again by hand",
  },
  lumin: schedule(LUMIN),
  opensign: UNPUBLISHED,
  pandadoc: UNPUBLISHED,
  signnow: UNPUBLISHED,
  signwell: UNPUBLISHED,
  "standard-webhooks": UNPUBLISHED,
  "xodo-sign": { pauses: XODO_SIGN, givesUpAfter: DAY_MS, remark: null },
  yousign: schedule(YOUSIGN, "That holds where automatic retries are switched on"),
  "zoho-sign": UNPUBLISHED,
};

/** By the name of the mapping. Of a mapping that is not shipped nothing is known. */
export function retriesOf(provider: string): RetrySchedule {
  return new Map(Object.entries(PUBLISHED)).get(provider) ?? UNPUBLISHED;
}
