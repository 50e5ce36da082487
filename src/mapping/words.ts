import { checkYaml, parseYaml } from "../yaml.ts";
import { listOf } from "./field.ts";
import { MappingFile } from "./schema.ts";
import { casesOf } from "./table.ts";

/** A word of a mapping's tables, with its line, for people who look at the tables as a whole. */
export interface TableWord {
  table: string;
  word: string;
  /** The event types of all its cases; empty: it is ignored. */
  types: readonly string[];
  /** The provider's explanations of it, one for each case that has one. */
  meanings: readonly string[];
  /** From 1. */
  line: number;
}

/** The words of all tables of a mapping file's text, in its order; none where the file is not good. */
export function wordsOf(text: string, file: string): TableWord[] {
  const yaml = parseYaml(text, file);
  const { value } = checkYaml(yaml, MappingFile);
  return Object.entries(value?.tables ?? {}).flatMap(([table, words]) =>
    Object.entries(words).map(([word, entry]) => {
      const cases = casesOf(entry);
      const types = cases.flatMap(({ event }) => listOf(event)).filter((type) => type !== "ignore");
      const meanings = cases.flatMap(({ meaning }) => meaning ?? []);
      const { line } = yaml.positionOf(["tables", table, word], "key");
      return { table, word, types: [...new Set(types)], meanings: [...new Set(meanings)], line };
    }),
  );
}
