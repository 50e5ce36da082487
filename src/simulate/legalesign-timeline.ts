import type { Chance } from "./chance.ts";
import { drawPeople, drawTitle } from "./people.ts";
import {
  createTimelineBuilder,
  drawEnding,
  type Person,
  type Timeline,
  type TimelineBuilder,
} from "./timeline.ts";

/** Legalesign's times are whole seconds. */
const STEP_MS = 1_000;
/** Seconds before a signer repeats an action: sooner, the bridge could take both for one happening. */
const REPEAT_DELAY_S = [900, 3_600] as const;

/** One document at Legalesign: its signers act one after the other. */
export function makeLegalesignTimeline(signers: number, start: number, chance: Chance): Timeline {
  const document = chance.uuid();
  const title = drawTitle(chance);
  const people = drawPeople(signers, chance, () => chance.uuid());
  const timeline = createTimelineBuilder(document, start, STEP_MS, chance);
  const ending = drawEnding(signers, chance);

  send(people, timeline);
  for (const person of people.slice(0, ending.turn)) {
    takeTurn(person, timeline, chance);
    sign(person, { timeline, isLast: person === people.at(-1), chance });
  }
  if (ending.kind === "completed") finish(people, timeline, chance);
  const next = people[ending.turn];
  if (ending.kind === "declined" && next) decline(next, timeline, chance);
  if (ending.kind === "canceled") cancel(timeline);
  const tags = [`order-${chance.int(1_000, 9_999)}`, ...(chance.happens(0.3) ? ["simulated"] : [])];
  return { document, title, tags, people, happenings: timeline.happenings };
}

function send(people: readonly Person[], timeline: TimelineBuilder): void {
  timeline.add("document.created");
  for (const person of people) timeline.add("signer.unsent", person);
  timeline.advance(1, 3);
  timeline.add("document.sent");
}

/** From the invitation to the last view of the document. */
function takeTurn(person: Person, timeline: TimelineBuilder, chance: Chance): void {
  const waitToRepeat = () => timeline.advance(...REPEAT_DELAY_S);
  timeline.add("signer.scheduled", person);
  timeline.advance(1, 5);
  timeline.add("signer.sent", person);
  if (chance.happens(0.05)) {
    timeline.advance(1, 30);
    timeline.add("signer.bounced", person);
    waitToRepeat();
    timeline.add("signer.sent", person);
  }
  timeline.advance(10, 1_200);
  timeline.add("signer.email_opened", person);
  timeline.advance(0, 60);
  timeline.add("signer.viewed", person);
  if (chance.happens(0.2)) {
    waitToRepeat();
    timeline.add("signer.viewed", person);
  }
  // At most one per document: its post shows neither signer nor time, so that two could not be told apart.
  if (chance.happens(0.05) && timeline.happenings.every(({ type }) => type !== "signer.visit_failed"))
    timeline.add("signer.visit_failed");
}

interface Signing {
  timeline: TimelineBuilder;
  isLast: boolean;
  chance: Chance;
}

/** As in the documentation's sample, the last signing and the document's completion share a second. */
function sign(person: Person, { timeline, isLast, chance }: Signing): void {
  timeline.advance(20, 900);
  if (chance.happens(0.2)) {
    timeline.add("signer.awaiting_signature", person);
    timeline.advance(1, 60);
  }
  if (isLast) timeline.add("document.fields_completed");
  timeline.add("signer.fields_completed", person);
  if (chance.happens(0.1)) {
    timeline.add("signer.awaiting_witness", person);
    timeline.advance(30, 600);
  }
  timeline.add("signer.signed", person);
}

function finish(people: readonly Person[], timeline: TimelineBuilder, chance: Chance): void {
  timeline.add("document.completed");
  timeline.advance(2, 6);
  timeline.add("document.downloadable");
  for (const person of chance.sample(people, chance.int(0, people.length))) {
    timeline.advance(60, 3_600);
    timeline.add("signer.downloaded", person);
  }
}

function decline(person: Person, timeline: TimelineBuilder, chance: Chance): void {
  takeTurn(person, timeline, chance);
  timeline.advance(20, 900);
  timeline.add("signer.declined", person);
  timeline.add("document.declined");
}

function cancel(timeline: TimelineBuilder): void {
  timeline.advance(20, 900);
  timeline.add("document.canceled");
}
