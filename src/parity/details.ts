import type { Draft } from "../domain/draft.ts";
import { dedupeKeyOf } from "../domain/draft.ts";
import type { EventType } from "../domain/event.ts";
import { digest } from "../domain/identity.ts";
import { formatMoment } from "../domain/moment.ts";
import type { ParityException } from "../domain/parity.ts";
import { formatDuration } from "../domain/quantity.ts";
import type { Channel } from "../inbound/channel.ts";
import { type FoundLoss, isTerminal } from "./assess.ts";
import { FIELDS, withoutFormat } from "./facts.ts";
import { type Requests, readItems } from "./gather.ts";
import type { Ledger } from "./ledger.ts";
import type { Disagreement, Loss, Telling } from "./report.ts";
import { channelKey, maskOf, type Scope } from "./scope.ts";
import { otherSide } from "./subject.ts";
import type { Difference } from "./tally.ts";

/** Findings in words: their requests are read once more. */

interface DetailParts {
  ledger: Ledger;
  requests: Pick<Requests, "find">;
  channels: readonly Channel[];
  scope: Scope;
  /** The new side's clock minus the old side's, milliseconds. */
  clockOffset: number;
  /** With personal data. */
  full: boolean;
}

/** A telling with what is known of it. */
interface Told {
  telling: Telling;
  draft: Draft;
  /** The provider's id of the document; null: no request names it. */
  document: string | null;
}

export interface Details {
  losses: Loss[];
  disagreements: Disagreement[];
  /** By type, the losses that are accepted one by one, by the ids of their findings. */
  acceptedOneByOne: ReadonlyMap<EventType, number>;
}

export async function describeFindings(
  losses: readonly FoundLoss[],
  differences: readonly Difference[],
  parts: DetailParts,
): Promise<Details> {
  const rows = [...losses.map(({ row }) => row), ...differences.flatMap((one) => [...one.rows])];
  const told = await lookUp(rows, parts);
  const acceptedOneByOne = new Map<EventType, number>();
  const described = losses.flatMap((loss) => {
    const found = told.get(loss.row);
    const one = found && toLoss(loss, found, parts);
    if (one && one.class !== loss.class)
      acceptedOneByOne.set(one.type, (acceptedOneByOne.get(one.type) ?? 0) + 1);
    return one ?? [];
  });
  return {
    losses: described,
    acceptedOneByOne,
    disagreements: differences.flatMap((difference) => {
      const [old, other] = difference.rows.map((row) => told.get(row));
      return old && other ? [toDisagreement(difference, old, other, parts)] : [];
    }),
  };
}

/** The tellings of these rows. Each request is read once, however many of its rows are asked for. */
async function lookUp(rows: readonly number[], parts: DetailParts): Promise<Map<number, Told>> {
  const { ledger } = parts;
  const linked = ledger.naming(rows);
  const own = await draftsAt(
    rows.map((row) => ledger.row(row)),
    parts,
  );
  const naming = await draftsAt(
    [...linked.values()].map((row) => ledger.row(row)),
    parts,
  );
  const found = new Map<number, Told>();
  for (const row of rows) {
    const place = ledger.row(row);
    const there = own.get(keyOf(place));
    if (!there) continue;
    const link = linked.get(row);
    const document =
      there.draft.document?.id ??
      (link === undefined ? null : naming.get(keyOf(ledger.row(link)))?.draft.document?.id) ??
      null;
    found.set(row, { ...there, telling: toTelling(there, row, parts), document });
  }
  return found;
}

interface Place {
  request: number;
  draft: number;
}

const keyOf = ({ request, draft }: Place) => `${request}.${draft}`;

async function draftsAt(places: readonly Place[], { ledger, requests, channels }: DetailParts) {
  const found = new Map<string, { draft: Draft; item: unknown }>();
  for (const [request, wanted] of Map.groupBy(places, (place) => place.request)) {
    const { id, channel: number } = ledger.request(request);
    const channel = channels[number];
    const receipt = channel && (await requests.find(id));
    if (!receipt) continue;
    const items = await readItems(receipt, channel);
    for (const place of wanted) {
      const there = items[place.draft];
      if (there) found.set(keyOf(place), there);
    }
  }
  return found;
}

function toTelling(
  { draft, item }: { draft: Draft; item: unknown },
  row: number,
  parts: DetailParts,
): Telling {
  const { ledger, scope, full } = parts;
  const { id, receivedAt, channel } = ledger.request(ledger.row(row).request);
  const { object, value, name } = draft.code;
  const place = scope.channels[channel];
  return {
    channel: place ? channelKey(place) : "",
    receipt: id,
    receivedAt: new Date(receivedAt).toISOString(),
    time: draft.time === null ? null : new Date(draft.time).toISOString(),
    type: draft.type,
    code: { object, value, name },
    ...(full ? { item: JSON.stringify(item) } : {}),
  };
}

function aboutOf({ draft, telling, document }: Told, other: Told | null) {
  return {
    type: draft.type,
    terminal: isTerminal(draft.type),
    document: document ?? other?.document ?? null,
    signer: draft.signer?.id ?? null,
    time: telling.time ?? telling.receivedAt,
    event: draft.signer || draft.type.startsWith("document.") ? dedupeKeyOf(draft) : null,
  };
}

function subjectOf({ document, signer, type }: Pick<Loss, "document" | "signer" | "type">): string {
  const who = signer === null ? "" : ` of signer ${signer}`;
  return `${type}${who}, document ${document ?? "not known"}`;
}

function toLoss(loss: FoundLoss, told: Told, { scope }: DetailParts): Loss {
  const missing = otherSide(loss.side);
  const about = aboutOf(told, null);
  const id = idOf(["loss", missing, ...identityOf(told)]);
  const exception = exceptionFor(id, told.draft.source, scope, loss.exception);
  const isAccepted = exception !== null && loss.class !== "pending" && loss.class !== "outage";
  const at = formatMoment(Date.parse(about.time));
  const where = told.telling.channel;
  return {
    id,
    ...about,
    old: loss.side === "old" ? told.telling : null,
    new: loss.side === "new" ? told.telling : null,
    sentence: `${where} told ${subjectOf(about)}, at ${at} (${told.telling.receipt}). The ${missing} side did not${WHY[loss.class]}.`,
    missing,
    class: isAccepted ? "accepted" : loss.class,
    accepted: isAccepted ? acceptedOf(exception) : null,
  };
}

const WHY: Readonly<Record<FoundLoss["class"], string>> = {
  unexplained: "",
  accepted: "",
  outage: ": an outage explains it",
  pending: " yet: it is too young to count as lost",
};

/** The same in every report, as long as the telling is kept. */
function identityOf({ draft, telling }: Told): string[] {
  const subject = draft.signer ? `signer:${draft.signer.id}` : `document:${draft.document?.id ?? ""}`;
  return [draft.source, subject, draft.type, telling.time ?? telling.receipt];
}

function idOf(parts: readonly string[]): string {
  return `par_${digest(parts)}`;
}

function exceptionFor(
  id: string,
  source: string,
  { exceptions }: Scope,
  byType: number | null,
): ParityException | null {
  const named = exceptions.find((one) => one.finding === id && one.source === source);
  return named ?? (byType === null ? null : (exceptions[byType] ?? null));
}

function acceptedOf({ reason, by, at }: ParityException): Loss["accepted"] {
  return { reason, by, at: new Date(at).toISOString() };
}

function toDisagreement(difference: Difference, old: Told, other: Told, parts: DetailParts): Disagreement {
  const fields = fieldsOf(difference, old, other, parts);
  const names = fields.map(({ name }) => name);
  const about = aboutOf(old, other);
  const id = idOf(["disagreement", ...identityOf(old), ...names]);
  const exception = exceptionFor(id, old.draft.source, parts.scope, null);
  return {
    id,
    ...about,
    old: old.telling,
    new: other.telling,
    sentence: `${old.telling.channel} (${old.telling.receipt}) and ${other.telling.channel} (${other.telling.receipt}) tell ${subjectOf(about)}, but differ in ${names.join(", ")}.`,
    severity: difference.severity,
    fields: fields.map(({ name, isPersonal, values }) => {
      const [before, after] = isPersonal && !parts.full ? [null, null] : values;
      return { name, old: before, new: after };
    }),
    accepted: exception && acceptedOf(exception),
  };
}

interface DifferentField {
  name: string;
  isPersonal: boolean;
  values: readonly [old: string | null, other: string | null];
}

function fieldsOf(
  { pair, severity, fields: mask }: Difference,
  old: Told,
  other: Told,
  { clockOffset, scope }: DetailParts,
): DifferentField[] {
  const plain = (name: string, before: string, after: string): DifferentField => ({
    ...{ name, isPersonal: false },
    values: [before, after],
  });
  if (pair.differs === "type") return [plain("type", old.draft.type, other.draft.type)];
  const ignored = maskOf(scope.settings.ignore.map(({ field }) => field));
  const found = FIELDS.flatMap((field, bit): DifferentField[] => {
    const values = [field.read(old.draft), field.read(other.draft)] as const;
    const [before, after] = values;
    const isAsked = mask === 0 ? isOtherwiseWritten(before, after) : (mask & (1 << bit)) !== 0;
    return isAsked && (ignored & (1 << bit)) === 0 ? [{ ...field, values }] : [];
  });
  if (pair.differs !== "time") return found;
  const apart = Math.abs(pair.new.time - clockOffset - pair.old.time);
  const time = plain("time", old.telling.time ?? "", other.telling.time ?? "");
  const order = plain("order", "", `${formatDuration(apart)} apart, and in another order`);
  return severity === "unsafe" && mask === 0 ? [order, time] : [time, ...found];
}

function isOtherwiseWritten(before: string | null, after: string | null): boolean {
  return (
    before !== null && after !== null && before !== after && withoutFormat(before) === withoutFormat(after)
  );
}
