import type { Chance } from "./chance.ts";
import { type Diary, drawEnding, type Life, openDiary, type Person } from "./life.ts";
import { drawPeople, drawTitle } from "./people.ts";

/** Its clock tells seconds. */
const STEP_MS = 1_000;
/** At least this long passes, in seconds, before a signer does the same again: less could be one happening told twice. */
const AGAIN = [900, 3_600] as const;

/** One document at Legalesign: its signers take their turns. */
export function liveLegalesign(signers: number, start: number, chance: Chance): Life {
  const document = chance.uuid();
  const title = drawTitle(chance);
  const people = drawPeople(signers, chance, () => chance.uuid());
  const diary = openDiary(document, start, STEP_MS, chance);
  const ending = drawEnding(signers, chance);

  send(people, diary);
  for (const person of people.slice(0, ending.turn)) {
    takeTurn(person, diary, chance);
    sign(person, { diary, isLast: person === people.at(-1), chance });
  }
  if (ending.how === "completed") finish(people, diary, chance);
  const next = people[ending.turn];
  if (ending.how === "declined" && next) decline(next, diary, chance);
  if (ending.how === "canceled") cancel(diary);
  const tags = [`order-${chance.int(1_000, 9_999)}`, ...(chance.happens(0.3) ? ["simulated"] : [])];
  return { document, title, tags, people, happenings: diary.happenings };
}

function send(people: readonly Person[], diary: Diary): void {
  diary.note("document.created");
  for (const person of people) diary.note("signer.unsent", person);
  diary.pass(1, 3);
  diary.note("document.sent");
}

/** From the invitation to the last look at the document. */
function takeTurn(person: Person, diary: Diary, chance: Chance): void {
  const again = () => diary.pass(...AGAIN);
  diary.note("signer.scheduled", person);
  diary.pass(1, 5);
  diary.note("signer.sent", person);
  if (chance.happens(0.05)) {
    diary.pass(1, 30);
    diary.note("signer.bounced", person);
    again();
    diary.note("signer.sent", person);
  }
  diary.pass(10, 1_200);
  diary.note("signer.email_opened", person);
  diary.pass(0, 60);
  diary.note("signer.viewed", person);
  if (chance.happens(0.2)) {
    again();
    diary.note("signer.viewed", person);
  }
  // One a document at the most: what is posted of it shows neither who it was nor when.
  if (chance.happens(0.05) && diary.happenings.every(({ type }) => type !== "signer.visit_failed"))
    diary.note("signer.visit_failed");
}

interface Signing {
  diary: Diary;
  isLast: boolean;
  chance: Chance;
}

/** As the documentation's sample shows it: the last one's signing and the document's completion share a second. */
function sign(person: Person, { diary, isLast, chance }: Signing): void {
  diary.pass(20, 900);
  if (chance.happens(0.2)) {
    diary.note("signer.awaiting_signature", person);
    diary.pass(1, 60);
  }
  if (isLast) diary.note("document.fields_completed");
  diary.note("signer.fields_completed", person);
  if (chance.happens(0.1)) {
    diary.note("signer.awaiting_witness", person);
    diary.pass(30, 600);
  }
  diary.note("signer.signed", person);
}

function finish(people: readonly Person[], diary: Diary, chance: Chance): void {
  diary.note("document.completed");
  diary.pass(2, 6);
  diary.note("document.downloadable");
  for (const person of chance.some(people, chance.int(0, people.length))) {
    diary.pass(60, 3_600);
    diary.note("signer.downloaded", person);
  }
}

function decline(person: Person, diary: Diary, chance: Chance): void {
  takeTurn(person, diary, chance);
  diary.pass(20, 900);
  diary.note("signer.declined", person);
  diary.note("document.declined");
}

function cancel(diary: Diary): void {
  diary.pass(20, 900);
  diary.note("document.canceled");
}
