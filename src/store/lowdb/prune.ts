import type { Prunable, PruneStep } from "../port/retention.ts";
import type { Row, Rows } from "./contents.ts";
import { list } from "./find.ts";
import type { Table } from "./table.ts";
import { pair, type Tables } from "./tables.ts";

interface Walk<R extends Row> {
  rows: Table<R>;
  isOld(row: R, before: number): boolean;
  /** Whether the row must stay, however old. */
  stays?(row: R): boolean;
  /** Whether the oldest come first. Where they do, a step that meets none that is old enough is the last. */
  ordered: boolean;
  /** Removes it, with all that goes with it. Returns how many there were of what is pruned; absent: it goes alone. */
  drop?(row: R, before: number): number;
}

interface Step {
  pruned: number;
  next: string | null;
}

/** Takes a step, as the port says. Undone when it throws. */
export function prune(tables: Tables, step: PruneStep): Step {
  return WALKS[step.table](tables, step);
}

const WALKS: Readonly<Record<Prunable, (tables: Tables, step: PruneStep) => Step>> = {
  receipts: ({ receipts }, step) =>
    take(step, {
      rows: receipts,
      isOld: ({ receipt }, before) => receipt.receivedAt < before,
      ordered: true,
    }),
  rejections: ({ rejections }, step) =>
    take(step, {
      rows: rejections,
      isOld: ({ rejection }, before) => rejection.receivedAt < before,
      ordered: true,
    }),
  audit: ({ audit }, step) =>
    take(step, { rows: audit, isOld: ({ entry }, before) => entry.at < before, ordered: true }),
  events: (tables, step) =>
    take(step, {
      rows: tables.events,
      isOld: ({ event }, before) => Date.parse(event.recordedAt) < before,
      stays: ({ event }) => tables.deliveriesOf.of(event.id).some(isOpen),
      ordered: true,
      drop: (row) => dropEvent(tables, row),
    }),
  attempts: ({ deliveries }, step) =>
    take(step, {
      rows: deliveries,
      isOld: ({ history }, before) => history.some(({ startedAt }) => startedAt < before),
      stays: isOpen,
      ordered: false,
      drop: (row, before) => dropAttempts(deliveries, row, before),
    }),
  documents: (tables, step) =>
    take(step, {
      rows: tables.documents,
      isOld: ({ changedAt }, before) => changedAt < before,
      ordered: false,
      drop: (row) => dropDocument(tables, row),
    }),
  tombstones: ({ tombstones }, step) =>
    take(step, { rows: tombstones, isOld: ({ recordedAt }, before) => recordedAt < before, ordered: true }),
};

function take<R extends Row>({ before, cursor, limit }: PruneStep, walk: Walk<R>): Step {
  const { rows, isOld, stays, ordered, drop = (row: R) => dropAlone(rows, row) } = walk;
  const page = list(
    rows,
    { cursor, limit },
    () => true,
    (row) => row,
  );
  const old = page.items.filter((row) => isOld(row, before));
  const gone = old.filter((row) => !stays?.(row)).map((row) => drop(row, before));
  const pruned = gone.reduce((sum, count) => sum + count, 0);
  return { pruned, next: old.length > 0 || !ordered ? page.next : null };
}

function isOpen({ delivery }: Rows["deliveries"]): boolean {
  return delivery.dueAt !== null;
}

function dropAlone<R extends Row>(rows: Table<R>, row: R): number {
  rows.remove(row);
  return 1;
}

/** But for its id and other keys. */
function dropEvent(
  { events, tombstones, deliveries, deliveriesOf, nextPosition }: Tables,
  row: Rows["events"],
): number {
  const { id, recordedAt } = row.event;
  for (const delivery of [...deliveriesOf.of(id)]) deliveries.remove(delivery);
  const channelKeys = row.channelKeys.map((key) => ({ ...key, origin: null }));
  tombstones.add({
    position: nextPosition(),
    id,
    recordedAt: Date.parse(recordedAt),
    dedupeKeys: row.dedupeKeys,
    channelKeys,
  });
  return dropAlone(events, row);
}

/** A document, with the links of its signers. */
function dropDocument({ documents, links, linksOf }: Tables, row: Rows["documents"]): number {
  const { source, id } = row.document;
  for (const link of [...linksOf.of(pair(source, id))]) links.remove(link);
  return dropAlone(documents, row);
}

function dropAttempts(
  deliveries: Table<Rows["deliveries"]>,
  row: Rows["deliveries"],
  before: number,
): number {
  const history = row.history.filter(({ startedAt }) => startedAt >= before);
  deliveries.put({ ...row, history });
  return row.history.length - history.length;
}
