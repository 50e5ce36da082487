import type { Difference, DifferenceKind } from "../../inbound/compare.ts";
import { benchPage } from "../elements/links.ts";
import { status, type Tone } from "../elements/status.ts";
import { table } from "../elements/table.ts";
import { foreign, identifier } from "../elements/text.ts";
import { type Content, html } from "../html.ts";

/** What two mappings read differently. */

const KINDS: Readonly<Record<DifferenceKind, { tone: Tone; word: string }>> = {
  vanishes: { tone: "bad", word: "vanishes" },
  fails: { tone: "bad", word: "no longer readable" },
  changes: { tone: "warning", word: "changes" },
  appears: { tone: "busy", word: "appears" },
  reads: { tone: "good", word: "readable now" },
};

export function differenceKind(kind: DifferenceKind): Content {
  const { tone, word } = KINDS[kind];
  return status(tone, word);
}

const MAX_SHOWN = 100;

export function differencesOf(
  all: readonly Difference[],
  { showsRequests }: { showsRequests: boolean },
): Content {
  if (all.length === 0) return html`<p>${status("good", "Nothing: both read it the same.")}</p>`;
  const request = {
    heading: "request",
    cell: ({ receipt }: Difference) => identifier(receipt, benchPage(receipt)),
  };
  return html`${table<Difference>(
    "Differences",
    [
      { heading: "what", isName: true, cell: ({ text }) => foreign(text, 200) },
      { heading: "with the new mapping", cell: ({ kind }) => differenceKind(kind) },
      ...(showsRequests ? [request] : []),
    ],
    all.slice(0, MAX_SHOWN),
  )}${all.length > MAX_SHOWN && html`<p class="note">And ${(all.length - MAX_SHOWN).toLocaleString("en")} more.</p>`}`;
}
