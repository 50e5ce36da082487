import type { KeptParitySummary } from "../../store/port/parity.ts";
import { parseInput, splitList } from "../../web/input.ts";
import { ReportQuery } from "../../web/parity.ts";
import { parityPage } from "../elements/links.ts";
import { countOf, pager } from "../elements/list.ts";
import { empty } from "../elements/notice.ts";
import { status } from "../elements/status.ts";
import { table } from "../elements/table.ts";
import { identifier, sentence } from "../elements/text.ts";
import { momentAndWhen } from "../elements/time.ts";
import { withoutEmpty } from "../fields.ts";
import { type Content, type Html, html } from "../html.ts";
import type { Screen } from "../screen.ts";

/** The reports of `countersign parity` that are kept, the newest first. */
export const parityScreen: Screen = {
  path: "/parity",
  section: "parity",
  async show(visit) {
    const { store, query, now } = visit;
    const given = { limit: "50", ...withoutEmpty(query) };
    const { page, filter } = splitList(parseInput(ReportQuery(now), given));
    const [found, newest] = [await store.findProofs(filter, page), await store.newestProofs()];
    return {
      title: "Parity",
      sentence: sentenceOf(newest),
      body: html`${found.items.length > 0 ? list(found.items, now) : NONE}
<p class="note">${countOf(found.items.length, found.next, "report")} kept.</p>
${pager(visit, found, "reports")}`,
      live: true,
    };
  },
};

const NONE = empty({
  what: "No parity report is kept.",
  next: sentence(
    "`countersign parity --source SOURCE --old CHANNELS --new CHANNELS --since 14d` makes one: it proves whether an old channel can be switched off.",
  ),
});

/** The newest report of a source counts. */
function sentenceOf(newest: readonly KeptParitySummary[]): Content {
  if (newest.length === 0) return "Nothing has been compared yet.";
  const open = newest.filter(({ result }) => result !== "passed").map(({ source }) => source);
  return open.length === 0
    ? "The newest report of each source passed."
    : html`The newest report did not pass for ${open.join(", ")}: the old channel must stay on there.`;
}

const TONES = { passed: "good", failed: "bad", not_evaluated: "warning" } as const;

/** What came of a report, as a glyph and a word, or the words that are given. */
export function resultOf(
  result: KeptParitySummary["result"],
  words: Content = result.replace("_", " "),
): Html {
  return status(TONES[result], words);
}

function list(reports: readonly KeptParitySummary[], now: number): Html {
  return table<KeptParitySummary>(
    "Parity reports, the newest first",
    [
      { heading: "report", cell: ({ id }) => identifier(id, parityPage(id)), isName: true },
      { heading: "source", cell: ({ source }) => source },
      { heading: "result", cell: ({ result }) => resultOf(result) },
      { heading: "unexplained", cell: ({ unexplained }) => String(unexplained), isFigure: true },
      { heading: "made", cell: ({ at }) => momentAndWhen(at, now) },
    ],
    reports,
  );
}
