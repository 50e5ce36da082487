import type { KnownType } from "../domain/event.ts";
import type { Chance } from "./chance.ts";
import { type NewLetter, sendingTimes } from "./letter.ts";
import type { Life } from "./life.ts";

/** Each trigger has a URL of its own, which names it: the codes in the body are not published. */
const TRIGGERS: Partial<Record<KnownType, string>> = {
  "document.sent": "sent",
  "document.downloadable": "signed",
  "document.declined": "rejected",
  "signer.visit_failed": "visit_failed",
};

/** "Upon signing" comes when the final PDF exists, and so tells that all have signed as well. */
const IMPLIED: Partial<Record<KnownType, KnownType>> = { "document.downloadable": "document.completed" };

export function tellUpon(life: Life, chance: Chance): NewLetter[] {
  const sentAt = sendingTimes(chance);
  return life.happenings.flatMap((happening) => {
    const trigger = TRIGGERS[happening.type];
    if (!trigger) return [];
    const implied = IMPLIED[happening.type];
    const { body, fragile } = toForm(life);
    return {
      channel: "upon",
      lane: `upon ${life.document}`,
      at: sentAt(happening.time),
      query: { trigger },
      body,
      fragile,
      tells: [...life.happenings.filter(({ type }) => type === implied), happening],
      documents: [life.document],
    };
  });
}

/** Without the fields that name the document nothing can be read: they come after its title. */
function toForm({ document, title, tags }: Life): { body: string; fragile: number } {
  const [tag = "", tag1 = "", tag2 = ""] = tags;
  const name = new URLSearchParams({ name: title }).toString();
  const rest = { resource_uri: `/api/v1/document/${document}/`, uuid: document, tag, tag1, tag2 };
  return { body: `${name}&${new URLSearchParams(rest)}`, fragile: name.length };
}
