import { ATTEMPT_CAUSES, PARK_REASONS } from "../../domain/delivery.ts";
import { addCounts, largestFirst } from "../../domain/delivery-count.ts";
import { plural } from "../../domain/quantity.ts";
import type { DeliveryCount, DeliveryFilter } from "../../store/port/reads.ts";
import { parseInput, splitList } from "../../web/input.ts";
import { DeliveryQuery } from "../../web/queries.ts";
import { causeInWords, whyParked } from "../elements/delivery.ts";
import { addressOf, type Choice, isFiltered, sinceChoice } from "../elements/form.ts";
import { listHead, pager } from "../elements/list.ts";
import { type Tab, tabs } from "../elements/tabs.ts";
import { when } from "../elements/time.ts";
import { withoutEmpty } from "../fields.ts";
import { type Content, html } from "../html.ts";
import type { Fields, Screen, Visit } from "../screen.ts";
import { groupList } from "./delivery-groups.ts";
import { deliveryList, nothingListed } from "./delivery-list.ts";

const PAGE = 50;

/**
 * What is not delivered, counted by destination and cause, and each delivery. Delivered and acknowledged ones
 * are listed without a count.
 */
export const deliveriesScreen: Screen = {
  path: "/deliveries",
  section: "deliveries",
  async show(visit) {
    const { store, query, now } = visit;
    const given = withoutEmpty(query);
    const { page, filter, isFinal } = deliveriesAsked({ limit: String(PAGE), ...given }, now);
    const { status: _, acknowledged: __, ...others } = filter;
    const [found, counted] = await Promise.all([
      store.findDeliveries(filter, page),
      countInTurns(store, others),
    ]);
    const groups = counted.items.filter(({ status }) => !filter.status || status === filter.status);
    const choices = choicesOf(visit);
    const { status, acknowledged, ...narrowing } = given;
    const tab = withoutEmpty({ status: status ?? "", acknowledged: acknowledged ?? "" });
    return {
      title: "Deliveries",
      sentence: isFinal ? sentenceOfFinal(found, filter, now) : sentenceOf(counted, now),
      body: html`${tabs("States", tabsOf(given, counted))}
${await listHead(visit, "/deliveries", { choices, given: narrowing, kept: tab })}
${!isFinal && groupList(groups, found.items, visit)}
${
  found.items.length > 0
    ? deliveryList(found.items, visit)
    : nothingListed({ isNarrow: isFiltered(choices, given), next: found.next, filter })
}
${pager(visit, found, "deliveries")}`,
      live: true,
    };
  },
};

/** What is not delivered, unless the address asks for what is delivered or acknowledged (`isFinal`). */
export function deliveriesAsked(given: Fields, now: number) {
  const { page, filter: asked } = splitList(parseInput(DeliveryQuery(now), given));
  const isFinal = asked.status === "delivered" || asked.acknowledged === true;
  const filter: DeliveryFilter = isFinal ? asked : { ...asked, undelivered: true };
  return { page, filter, isFinal };
}

const GROUPS = ["destination", "status", "cause", "reason"] as const;
/** Of one look. */
const ROWS = 1_000;
const LOOKS = 5;

/** Counts the newest, a few at a time: other work has its turn in between. */
async function countInTurns(store: Visit["store"], filter: DeliveryFilter): Promise<Counted> {
  const sums = new Map<string, DeliveryCount>();
  let next: string | null = null;
  for (let looks = 0; looks < LOOKS && (looks === 0 || next !== null); looks += 1) {
    const page: Counted = await store.countUndelivered(GROUPS, filter, {
      cursor: next ?? undefined,
      rows: ROWS,
    });
    addCounts(sums, page.items, (one) => GROUPS.map((group) => one[group] ?? "").join(" "));
    next = page.next;
  }
  return { items: largestFirst(sums), next };
}

type Counted = { items: readonly DeliveryCount[]; next: string | null };

function sum(counts: readonly DeliveryCount[], status?: string): number {
  return counts
    .filter((one) => status === undefined || one.status === status)
    .reduce((total, { count }) => total + count, 0);
}

/** The counts are of the newest where there are very many. */
function figure(count: number, { next }: Counted): string {
  return `${next === null ? "" : "at least "}${count.toLocaleString("en")}`;
}

function sentenceOf(counted: Counted, now: number): Content {
  const { items } = counted;
  const [parked, waiting, held] = [sum(items, "parked"), sum(items, "pending"), sum(items, "held")];
  if (parked + waiting + held === 0) return html`<strong>Nothing waits,</strong> and nothing is parked.`;
  const oldest = when(Math.min(...items.map(({ oldest }) => oldest)), now);
  const open = waiting + held;
  const openWords = `${figure(open, counted)} ${open === 1 ? "goes" : "go"} on by ${open === 1 ? "itself" : "themselves"}`;
  if (parked === 0) return html`No event needs you: ${openWords}. The oldest was recorded ${oldest}.`;
  return html`<strong>${figure(parked, counted)} parked ${parked === 1 ? "event needs" : "events need"} you:</strong> send ${parked === 1 ? "it" : "them"} again, or acknowledge ${parked === 1 ? "it" : "them"}${open > 0 && `; ${openWords}`}. The oldest was recorded ${oldest}.`;
}

function sentenceOfFinal(
  { items, next }: { items: readonly { recordedAt: number }[]; next: string | null },
  { acknowledged }: DeliveryFilter,
  now: number,
): Content {
  const [newest] = items;
  const what = acknowledged ? "parked and acknowledged" : "delivered";
  if (!newest) return `No event is shown that is ${what}.`;
  return html`${next === null ? "" : "At least "}${plural(items.length, "event")} ${items.length === 1 ? "is" : "are"} ${what}, the newest first: that was recorded ${when(newest.recordedAt, now)}.`;
}

function tabsOf(given: Fields, counted: Counted): Tab[] {
  const { status, acknowledged } = given;
  const address = addressOf("/deliveries", { ...given, cursor: null });
  const tab = (name: string, own: { status?: string; acknowledged?: string }, count: number | null): Tab => ({
    name,
    href: addressOf(address, { status: null, acknowledged: null, ...own }),
    count: count === null ? null : figure(count, counted),
    isCurrent: own.status === status && own.acknowledged === acknowledged,
  });
  const { items } = counted;
  return [
    tab("Not delivered", {}, sum(items)),
    tab("Waiting", { status: "pending" }, sum(items, "pending")),
    tab("Held", { status: "held" }, sum(items, "held")),
    tab("Parked", { status: "parked" }, sum(items, "parked")),
    tab("Delivered", { status: "delivered" }, null),
    tab("Acknowledged", { acknowledged: "true" }, null),
  ];
}

function choicesOf({ parts, query }: Visit): Choice[] {
  const names = parts.config().destinations.map(({ name }) => name);
  const asked = query.destination ?? "";
  const all = asked === "" || names.includes(asked) ? names : [...names, asked];
  return [
    { name: "destination", label: "Destination", options: all.map((one) => [one, one]) },
    {
      name: "cause",
      label: "Last attempt",
      options: ATTEMPT_CAUSES.map((one) => [one, causeInWords(one)]),
    },
    { name: "reason", label: "Parked because", options: PARK_REASONS.map((one) => [one, whyParked(one)]) },
    sinceChoice("Recorded"),
  ];
}
