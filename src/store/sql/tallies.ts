import { setImmediate } from "node:timers/promises";
import { hourOf, isOfRequest, LATENCY_BUCKETS, type Tally } from "../../domain/tally.ts";
import type { Scalar } from "../columns.ts";
import { namesOf } from "../description.ts";
import type { DeliveryTally, RequestTally, Tallies, TallySpan } from "../port/reads.ts";
import { TALLY, TALLY_KEY } from "../tables.ts";
import type { Session } from "./session.ts";

/** Rows that are read at a time: other work has its turn before the next. */
const MAX_ROWS = 1_000;

const KEY = TALLY_KEY.join(", ");
const NEXT_ROWS = `select ${namesOf(TALLY.columns)} from tallies
  where (${KEY}) > (${TALLY_KEY.map(() => "?").join(", ")}) and hour < ? order by ${KEY} limit ?`;

export async function tallies(session: Session, span: TallySpan): Promise<Tallies> {
  const rows = await rowsOf(session, span);
  return { requests: rows.flatMap(toRequests), deliveries: toDeliveries(rows) };
}

async function rowsOf(
  session: Session,
  { from, until = Number.MAX_SAFE_INTEGER }: TallySpan,
): Promise<readonly Tally[]> {
  const all: Tally[] = [];
  // Before all rows of the hour: none has three empty names.
  let last: readonly Scalar[] | null = [hourOf(from), "", "", "", "", 0];
  while (last) {
    const rows: readonly Tally[] = (await session.rows(NEXT_ROWS, [...last, until, MAX_ROWS])).map(
      TALLY.decode,
    );
    all.push(...rows);
    const end = rows[MAX_ROWS - 1];
    last = end ? TALLY_KEY.map((name) => end[name]) : null;
    if (last) await setImmediate();
  }
  return all;
}

function toRequests({ hour, source, channel, outcome, count, newest }: Tally): RequestTally[] {
  return isOfRequest(outcome) ? [{ hour, source, channel, outcome, count, newest }] : [];
}

/** The rows of one hour, destination and outcome follow one another, one for each latency bucket. */
function toDeliveries(rows: readonly Tally[]): DeliveryTally[] {
  const sums: (DeliveryTally & { latency: number[] })[] = [];
  for (const { hour, destination, outcome, bucket, count, newest } of rows) {
    if (isOfRequest(outcome)) continue;
    let sum = sums.at(-1);
    if (sum?.hour !== hour || sum.destination !== destination || sum.outcome !== outcome) {
      const latency = Array.from({ length: LATENCY_BUCKETS }, () => 0);
      sum = { hour, destination, outcome, count: 0, newest, latency };
      sums.push(sum);
    }
    sum.count += count;
    sum.newest = Math.max(sum.newest, newest);
    if (bucket > 0) sum.latency[bucket - 1] = count;
  }
  return sums;
}
