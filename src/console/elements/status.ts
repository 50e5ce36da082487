import type { DocumentStatus, Severity, SignerStatus } from "../../domain/event.ts";
import { type Content, type Html, html } from "../html.ts";

/** A status is a glyph and a word; its colour says nothing that they do not. */

export type Tone = "good" | "busy" | "waiting" | "bad" | "warning" | "quiet";

const GLYPHS: Readonly<Record<Tone, string>> = {
  good: "✓",
  busy: "…",
  waiting: "‖",
  bad: "!",
  warning: "△",
  quiet: "–",
};

export function status(tone: Tone, word: Content): Html {
  return html`<span class="status ${tone}"><span class="glyph" aria-hidden="true">${GLYPHS[tone]}</span> ${word}</span>`;
}

const DOCUMENT: Readonly<Record<DocumentStatus, Tone>> = {
  created: "quiet",
  sent: "busy",
  in_progress: "busy",
  completed: "good",
  declined: "bad",
  canceled: "quiet",
  expired: "warning",
  failed: "bad",
};

export function documentStatus(one: DocumentStatus | null): Html {
  return one === null ? status("quiet", "not known") : status(DOCUMENT[one], one.replace("_", " "));
}

export function signerStatus(one: SignerStatus | null): Html {
  if (one === null) return status("quiet", "not known");
  const tone = one === "signed" ? "good" : one === "declined" || one === "bounced" ? "bad" : "busy";
  return status(tone, one.replaceAll("_", " "));
}

const SEVERITY: Readonly<Record<Severity, Tone>> = { critical: "bad", warning: "warning", notice: "quiet" };

export function severity(one: Severity): Html {
  return status(SEVERITY[one], one);
}
