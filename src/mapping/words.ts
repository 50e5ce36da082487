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

export interface TableWords {
  /** In the order of the file. */
  words: readonly TableWord[];
  /**
   * By channel, the tables in which its words are looked up, in order; null: one whose name a field of the
   * item gives.
   */
  choices: ReadonlyMap<string, readonly (string | null)[]>;
}

/** The words of all tables of a mapping file's text; none where the file is not good. */
export function wordsOf(text: string, file: string): TableWords {
  const yaml = parseYaml(text, file);
  const { value } = checkYaml(yaml, MappingFile);
  const words = Object.entries(value?.tables ?? {}).flatMap(([table, entries]) =>
    Object.entries(entries).map(([word, entry]): TableWord => {
      const cases = casesOf(entry);
      const types = cases.flatMap(({ event }) => listOf(event)).filter((type) => type !== "ignore");
      const meanings = cases.flatMap(({ meaning }) => meaning ?? []);
      const { line } = yaml.positionOf(["tables", table, word], "key");
      return { table, word, types: [...new Set(types)], meanings: [...new Set(meanings)], line };
    }),
  );
  const choices = Object.entries(value?.channels ?? {}).map(([name, channel]) => {
    const { word = [] } = channel.event ?? value?.event ?? {};
    const tables = listOf(word).flatMap(({ table }) => listOf(table));
    return [name, tables.map((table) => (typeof table === "string" ? table : null))] as const;
  });
  return { words, choices: new Map(choices) };
}
