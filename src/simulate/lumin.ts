import { createHmac } from "node:crypto";
import type { KnownType } from "../domain/event.ts";
import type { Chance } from "./chance.ts";
import { type Credentials, type NewLetter, type Provider, type Seal, sendingTimes } from "./letter.ts";
import { type Diary, drawEnding, type Life, openDiary, type Person } from "./life.ts";
import { luminBody, type Style } from "./lumin-body.ts";
import { drawPeople, drawTitle } from "./people.ts";

const MINUTE_MS = 60_000;

/** Lumin: one JSON object a post, signed; after 5 min, 15 min … it tries again. https://developers.luminpdf.com */
export const LUMIN: Provider = {
  channels: ["account", "app"],
  retries: [5, 15, 45, 135, 405, 1_215].map((minutes) => minutes * MINUTE_MS),
  live,
  tell: (lives, { channels, chanceOf }) =>
    lives.flatMap((life) =>
      channels.flatMap((channel) => tell(life, channel, chanceOf(`${channel} ${life.document}`))),
    ),
  seal,
};

function live(signers: number, start: number, chance: Chance): Life {
  const document = chance.hex(24);
  const title = drawTitle(chance);
  const people = drawPeople(signers, chance, ({ email }) => email);
  const diary = openDiary(document, start, 1, chance);
  const ending = drawEnding(signers, chance);

  diary.note("document.created");
  for (const person of chance.shuffle(people).slice(0, ending.turn)) takePart(person, diary, chance);
  diary.pass(1, 60);
  if (ending.how === "completed") {
    diary.note("document.completed");
    diary.pass(2, 10);
    diary.note("document.downloadable");
  }
  if (ending.how === "canceled") diary.note("document.canceled");
  if (ending.how === "declined") decline(people, diary, chance);
  return { document, title, tags: [], people, happenings: diary.happenings };
}

/** No post says who looked, and no `signers[]` shows it. */
function takePart(person: Person, diary: Diary, chance: Chance): void {
  if (chance.happens(0.15)) {
    diary.pass(10, 600);
    diary.note("document.due_date_changed");
  }
  for (let visits = chance.int(1, 2); visits > 0; visits--) {
    diary.pass(5, 1_200);
    diary.note("signer.viewed");
  }
  diary.pass(5, 600);
  diary.note("signer.signed", person);
}

function decline(people: readonly Person[], diary: Diary, chance: Chance): void {
  const signed = new Set(diary.happenings.map(({ signer }) => signer));
  const [unwilling] = chance.shuffle(people.filter(({ id }) => !signed.has(id)));
  diary.note("signer.viewed");
  diary.pass(5, 600);
  diary.note("signer.declined", unwilling);
  diary.note("document.declined");
}

/** Whoever declines is told with the document, by the post of the same moment. */
const WORDS: Partial<Record<KnownType, string>> = {
  "document.created": "created",
  "signer.viewed": "viewed",
  "signer.signed": "signed",
  "document.completed": "approved",
  "document.downloadable": "downloadable",
  "document.declined": "declined",
  "document.canceled": "canceled",
  "document.due_date_changed": "due_date_updated",
};

function tell(life: Life, channel: string, chance: Chance): NewLetter[] {
  const style = drawStyle(chance);
  const sentAt = sendingTimes(chance);
  return life.happenings.flatMap((happening, index) => {
    const word = WORDS[happening.type];
    if (!word) return [];
    const body = luminBody({ life, told: index + 1, word: `signature_request_${word}` }, style);
    return {
      channel,
      lane: `${channel} ${life.document}`,
      at: sentAt(happening.time),
      query: {},
      body,
      fragile: body.length - 1,
      tells: life.happenings.filter(({ time }) => time === happening.time),
      documents: [life.document],
    };
  });
}

function drawStyle(chance: Chance): Style {
  return {
    workspace: chance.hex(24),
    token: chance.hex(32),
    address: chance.pick(["email", "email_address"]),
    digits: chance.happens(0.3),
    linkInside: chance.happens(0.5),
    ordered: chance.happens(0.4),
  };
}

function seal({ body }: { body: string }, { secret }: Credentials): Seal {
  const signature = createHmac("sha256", secret).update(body).digest("hex");
  const headers = {
    "content-type": "application/json",
    "user-agent": "Lumin Sign API",
    "x-signature": signature,
  };
  return { headers, query: {} };
}
