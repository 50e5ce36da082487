import { createHmac } from "node:crypto";
import type { KnownType } from "../domain/event.ts";
import type { Chance } from "./chance.ts";
import { type BodyStyle, luminBody } from "./lumin-body.ts";
import { drawPeople, drawTitle } from "./people.ts";
import { type PostDraft, sendingTimes } from "./planned-post.ts";
import type { Provider, ProviderCredentials, SentCredentials } from "./provider.ts";
import {
  createTimelineBuilder,
  drawEnding,
  type Person,
  type Timeline,
  type TimelineBuilder,
} from "./timeline.ts";

const MINUTE_MS = 60_000;

/**
 * Lumin signs every post, a JSON object, and retries after 5 min, 15 min … https://developers.luminpdf.com
 */
export const LUMIN: Provider = {
  channels: ["account", "app"],
  retryDelays: [5, 15, 45, 135, 405, 1_215].map((minutes) => minutes * MINUTE_MS),
  makeTimeline,
  planPosts: (timelines, { channels, chanceOf }) =>
    timelines.flatMap((timeline) =>
      channels.flatMap((channel) =>
        planChannelPosts(timeline, channel, chanceOf(`${channel} ${timeline.document}`)),
      ),
    ),
  authenticate,
};

function makeTimeline(signers: number, start: number, chance: Chance): Timeline {
  const document = chance.hex(24);
  const title = drawTitle(chance);
  const people = drawPeople(signers, chance, ({ email }) => email);
  const builder = createTimelineBuilder(document, start, 1, chance);
  const ending = drawEnding(signers, chance);

  builder.add("document.created");
  for (const person of chance.shuffle(people).slice(0, ending.turn)) viewAndSign(person, builder, chance);
  builder.advance(1, 60);
  if (ending.kind === "completed") {
    builder.add("document.completed");
    builder.advance(2, 10);
    builder.add("document.downloadable");
  }
  if (ending.kind === "canceled") builder.add("document.canceled");
  if (ending.kind === "declined") decline(people, builder, chance);
  return { document, title, tags: [], people, happenings: builder.happenings };
}

/** Views have no signer: neither a post nor its `signers[]` shows who it was. */
function viewAndSign(person: Person, builder: TimelineBuilder, chance: Chance): void {
  if (chance.happens(0.15)) {
    builder.advance(10, 600);
    builder.add("document.due_date_changed");
  }
  for (let visits = chance.int(1, 2); visits > 0; visits--) {
    builder.advance(5, 1_200);
    builder.add("signer.viewed");
  }
  builder.advance(5, 600);
  builder.add("signer.signed", person);
}

function decline(people: readonly Person[], builder: TimelineBuilder, chance: Chance): void {
  const signed = new Set(builder.happenings.map(({ signer }) => signer));
  const [unwilling] = chance.shuffle(people.filter(({ id }) => !signed.has(id)));
  builder.add("signer.viewed");
  builder.advance(5, 600);
  builder.add("signer.declined", unwilling);
  builder.add("document.declined");
}

/** A signer's declining has no post of its own: that of the document, of the same moment, reports it. */
const LUMIN_EVENTS: Partial<Record<KnownType, string>> = {
  "document.created": "created",
  "signer.viewed": "viewed",
  "signer.signed": "signed",
  "document.completed": "approved",
  "document.downloadable": "downloadable",
  "document.declined": "declined",
  "document.canceled": "canceled",
  "document.due_date_changed": "due_date_updated",
};

function planChannelPosts(timeline: Timeline, channel: string, chance: Chance): PostDraft[] {
  const style = drawStyle(chance);
  const sentAt = sendingTimes(chance);
  return timeline.happenings.flatMap((happening, index) => {
    const type = LUMIN_EVENTS[happening.type];
    if (!type) return [];
    const eventType = `signature_request_${type}`;
    const body = luminBody({ timeline, happened: index + 1, eventType }, style);
    return {
      channel,
      lane: `${channel} ${timeline.document}`,
      at: sentAt(happening.time),
      query: {},
      body,
      unreadableLength: body.length - 1,
      happenings: timeline.happenings.filter(({ time }) => time === happening.time),
      documents: [timeline.document],
    };
  });
}

function drawStyle(chance: Chance): BodyStyle {
  return {
    workspace: chance.hex(24),
    token: chance.hex(32),
    address: chance.pick(["email", "email_address"]),
    digits: chance.happens(0.3),
    linkInside: chance.happens(0.5),
    ordered: chance.happens(0.4),
  };
}

function authenticate({ body }: { body: string }, { secret }: ProviderCredentials): SentCredentials {
  const signature = createHmac("sha256", secret).update(body).digest("hex");
  const headers = {
    "content-type": "application/json",
    "user-agent": "Lumin Sign API",
    "x-signature": signature,
  };
  return { headers, query: {} };
}
