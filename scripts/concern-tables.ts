import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { KINDS, type KindDefinition } from "../src/concern/kinds.ts";
import { retriesOf } from "../src/concern/provider-retries.ts";
import { inWords } from "../src/concern/words.ts";
import { code, table } from "./markdown.ts";

/**
 * The tables of docs/concerns.md, by name: every kind of concern, and how each provider repeats its posts.
 */
export function concernTables(): ReadonlyMap<string, string> {
  return new Map([
    ["kinds", kindTable()],
    ["retries", retryTable()],
  ]);
}

function kindTable(): string {
  const rows = Object.entries<KindDefinition>(KINDS).map(([kind, definition]) => [
    code(kind),
    severityOf(definition),
    withPlaces(definition.sentence),
    withPlaces(definition.advice),
    commandOf(definition),
    withPlaces(definition.ends),
    definition.named,
  ]);
  return table(
    [
      "kind",
      "severity",
      "what it says",
      "what can be done",
      "first command",
      "what ends it",
      "how soon it is named",
    ],
    rows,
  );
}

function severityOf({ severity, otherwise }: KindDefinition): string {
  return otherwise ? `${severity}; ${otherwise.severity} where ${otherwise.when}` : severity;
}

function commandOf({ command }: KindDefinition): string {
  if (command === null) return "–";
  return isFact(command)
    ? "see below"
    : code(command.replaceAll(PLACE, (_, name: string) => name.toUpperCase()));
}

const PLACE = /\{(\w+)\}/g;
const isFact = (text: string) => /^\{\w+\}$/.test(text);

/** A fact is shown by its name; a text that is nothing but a fact depends on the case. */
const withPlaces = (text: string) => (isFact(text) ? "see below" : text.replaceAll(PLACE, "*$1*"));

function retryTable(): string {
  const folder = fileURLToPath(new URL("../mappings/", import.meta.url));
  const rows = readdirSync(folder)
    .map((file) => file.replace(".yaml", ""))
    .sort()
    .map((provider) => {
      const { pauses, givesUpAfter, remark } = retriesOf(provider);
      return [
        code(provider),
        pauses === null ? "–" : pauses.map(inWords).join(", "),
        givesUpAfter === null ? "not published" : inWords(givesUpAfter),
        remark ?? "",
      ];
    });
  return table(["provider", "pauses between attempts", "gives up after", ""], rows);
}
