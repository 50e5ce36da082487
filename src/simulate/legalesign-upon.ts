import type { KnownType } from "../domain/event.ts";
import type { Chance } from "./chance.ts";
import { type PostDraft, sendingTimes } from "./planned-post.ts";
import type { Timeline } from "./timeline.ts";

/** Each trigger posts to a URL that names it: the codes in the body are not published. */
const TRIGGERS: Partial<Record<KnownType, string>> = {
  "document.sent": "sent",
  "document.downloadable": "signed",
  "document.declined": "rejected",
  "signer.visit_failed": "visit_failed",
};

/** "Upon signing" is posted when the final PDF exists, and so reports the document's completion as well. */
const IMPLIED: Partial<Record<KnownType, KnownType>> = { "document.downloadable": "document.completed" };

export function planUponPosts(timeline: Timeline, chance: Chance): PostDraft[] {
  const sentAt = sendingTimes(chance);
  return timeline.happenings.flatMap((happening) => {
    const trigger = TRIGGERS[happening.type];
    if (!trigger) return [];
    const implied = IMPLIED[happening.type];
    const { body, unreadableLength } = toForm(timeline);
    return {
      channel: "upon",
      lane: `upon ${timeline.document}`,
      at: sentAt(happening.time),
      query: { trigger },
      body,
      unreadableLength,
      happenings: [...timeline.happenings.filter(({ type }) => type === implied), happening],
      documents: [timeline.document],
    };
  });
}

/**
 * The title comes first: a form cut within it lacks the fields that name the document, and cannot be read.
 */
function toForm({ document, title, tags }: Timeline): { body: string; unreadableLength: number } {
  const [tag = "", tag1 = "", tag2 = ""] = tags;
  const name = new URLSearchParams({ name: title }).toString();
  const rest = { resource_uri: `/api/v1/document/${document}/`, uuid: document, tag, tag1, tag2 };
  return { body: `${name}&${new URLSearchParams(rest)}`, unreadableLength: name.length };
}
