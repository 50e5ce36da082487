import type { Ledger } from "./ledger.ts";
import { type PairingRules, pairSubject, SAME_TIME_MS, subjectsIn } from "./subject.ts";
import type { Difference } from "./tally.ts";

/** When both sides say that something happened, milliseconds since 1970; of the new side less its offset. */
interface Times {
  old: number;
  new: number;
}

/**
 * Those of the differences in time that put what happened to a document into another order than the other
 * side does. Differences are few: only their documents are looked at again.
 */
export function invertedOrders(
  suspects: readonly Difference[],
  order: Uint32Array,
  ledger: Ledger,
  rules: PairingRules,
): ReadonlySet<Difference> {
  const timesByDocument = new Map<number, Times[]>();
  for (const { rows } of suspects) {
    const document = documentOf(rows, ledger);
    if (document !== 0) timesByDocument.set(document, []);
  }
  if (timesByDocument.size === 0) return new Set();
  for (const { rows } of subjectsIn(order, ledger)) {
    if (!rows.some((row) => timesByDocument.has(ledger.documentOf(row)))) continue;
    for (const { old, new: other } of pairSubject(rows, ledger, rules).pairs) {
      const document = documentOf([...old.rows, ...other.rows], ledger);
      if (old.isTimed && other.isTimed)
        timesByDocument.get(document)?.push({ old: old.time, new: other.time - rules.clockOffset });
    }
  }
  return new Set(
    suspects.filter(({ rows, pair }) => {
      const mine = { old: pair.old.time, new: pair.new.time - rules.clockOffset };
      const others = timesByDocument.get(documentOf(rows, ledger)) ?? [];
      return others.some((one) => isInverted(mine, one));
    }),
  );
}

function documentOf(rows: readonly number[], ledger: Ledger): number {
  return rows.map(ledger.documentOf).find((document) => document !== 0) ?? 0;
}

function isInverted(one: Times, other: Times): boolean {
  const [byOld, byNew] = [one.old - other.old, one.new - other.new];
  // Times that are as good as equal have no order.
  const hasOrder = Math.abs(byOld) > SAME_TIME_MS && Math.abs(byNew) > SAME_TIME_MS;
  return hasOrder && byOld > 0 !== byNew > 0;
}
