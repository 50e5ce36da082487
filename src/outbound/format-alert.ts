import type { ConcernView, Event } from "../domain/event.ts";
import { inert } from "../domain/inert.ts";
import { formatMoment } from "../domain/moment.ts";
import { plural } from "../domain/quantity.ts";
import type { Encoded } from "./encode.ts";

/** What needs a person as messages for people: events of the bridge in the shapes of chats and e-mail. */

/** Whether an event says something that these formats can say. */
export function isForPeople({ concerns }: Event): boolean {
  return concerns !== undefined && concerns.length > 0;
}

/**
 * Slack's incoming webhooks take a text in which three characters are written as entities.
 * https://docs.slack.dev/messaging/formatting-message-text
 */
export function encodeSlack(event: Event): Encoded {
  const { subject, text } = messageOf(event);
  const escaped = (part: string) =>
    part.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return asJson({ text: `*${escaped(subject)}*\n${escaped(text)}` });
}

/**
 * An Adaptive Card, as the workflows of Microsoft Teams take it from a webhook.
 * https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook
 */
export function encodeTeams(event: Event): Encoded {
  const { subject, text } = messageOf(event);
  const block = (text: string, more = {}) => ({ type: "TextBlock", text, wrap: true, ...more });
  const paragraphs = text.split("\n\n").map((paragraph) => block(paragraph.replaceAll("\n", "\n\n")));
  const content = {
    $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
    type: "AdaptiveCard",
    version: "1.4",
    body: [block(subject, { weight: "Bolder" }), ...paragraphs],
  };
  const contentType = "application/vnd.microsoft.card.adaptive";
  return asJson({ type: "message", attachments: [{ contentType, contentUrl: null, content }] });
}

/** `{to, subject, text}`, for a service that sends e-mail. */
export function encodeEmail(event: Event, { recipients }: { recipients: readonly string[] }): Encoded {
  return asJson({ to: recipients, ...messageOf(event) });
}

const SEVERITY_WORDS = { critical: "Critical", warning: "Warning", notice: "Notice" } as const;
const CHANGE_WORDS = { begun: "", worse: "worse: ", over: "over: ", reminder: "still open: " } as const;

function messageOf({ concerns = [] }: Event): { subject: string; text: string } {
  const [first, ...more] = concerns;
  if (!first) throw new Error("the formats of alerts have no words for this event");
  const headline = headlineOf(first);
  const subject = more.length === 0 ? headline : `${headline}, and ${plural(more.length, "more change")}`;
  return { subject, text: concerns.map(paragraphOf).join("\n\n") };
}

function headlineOf({ severity, change, id }: ConcernView): string {
  return inert(`Countersign: ${CHANGE_WORDS[change]}${SEVERITY_WORDS[severity].toLowerCase()} ${id}`);
}

function paragraphOf(concern: ConcernView): string {
  const { change, severity, id, sentence, advice, command, ends, documents = [] } = concern;
  const head = `${SEVERITY_WORDS[severity]} · ${id} · since ${formatMoment(Date.parse(concern.since))}`;
  const lines =
    change === "over"
      ? [`Over: ${id}`, `It was: ${sentence}`]
      : [
          change === "begun" ? head : `${CHANGE_WORDS[change]}${head}`,
          sentence,
          ...documents.map(({ id, title }) => `${id}: ${title ?? "without a title"}`),
          `What to do: ${advice}`,
          ...(command === null ? [] : [command]),
          `It ends with ${ends}.`,
        ];
  return lines.map(inert).join("\n");
}

function asJson(body: object): Encoded {
  return { body: Buffer.from(JSON.stringify(body)), contentType: "application/json; charset=utf-8" };
}
