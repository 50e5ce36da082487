import type { Reopening } from "../domain/draft.ts";
import type { EventType } from "../domain/event.ts";
import { compileCondition, compileText, type Field, listOf, maybe, type Scope } from "./field.ts";
import type { Entry, Explained, MappingFile, WordFile } from "./schema.ts";

/** The word that says what happened, and its meanings. */
export interface WordRule {
  from: Field<string>;
  object: Field<string> | null;
  name: Field<string> | null;
  /** The tables that words may be looked up in, by name. */
  tables: readonly string[];
  /** Every type that a word of these tables may mean. */
  tells: ReadonlySet<EventType>;
  /** The meaning of a word; null: no table has it. */
  meaningOf(word: string, scope: Scope): WordMeaning | null;
}

interface WordMeaning {
  /** Empty: the word is ignored. */
  types: readonly EventType[];
  /** The provider's own explanation. */
  explanation: string | null;
  /** How the word reopens the document; null: it does not. */
  reopens: Reopening | null;
}

/** Words with their cases; of these the first that holds counts. */
type Table = ReadonlyMap<string, readonly Case[]>;
export type Tables = ReadonlyMap<string, Table>;

interface Case {
  holds(scope: Scope): boolean;
  meaning: WordMeaning;
}

export function compileWord({ from, table, object, name }: WordFile, tables: Tables): WordRule {
  const choices = listOf(table).map((choice) => compileChoice(choice, tables));
  const names = [...new Set(listOf(table).flatMap((choice) => namesIn(choice, tables)))];
  return {
    tables: names,
    tells: new Set(names.flatMap((name) => typesIn(tables.get(name)))),
    from: compileText(from),
    object: maybe(object, compileText),
    name: maybe(name, compileText),
    meaningOf(word, scope) {
      for (const choose of choices) {
        const cases = choose(scope)?.get(word);
        if (cases) return cases.find(({ holds }) => holds(scope))?.meaning ?? null;
      }
      return null;
    },
  };
}

type Choose = (scope: Scope) => Table | undefined;

function compileChoice(
  choice: string | Exclude<WordFile["table"], string | readonly unknown[]>,
  tables: Tables,
): Choose {
  if (typeof choice === "string") {
    const table = tables.get(choice);
    return () => table;
  }
  const field = compileText(choice);
  return (scope) => tables.get(field.read(scope) ?? "");
}

/**
 * The tables that a choice may lead to. A field leads to those that its patterns and values name; to any
 * where it names none, since the payload alone decides then.
 */
function namesIn(choice: Parameters<typeof compileChoice>[0], tables: Tables): string[] {
  if (typeof choice === "string") return [choice];
  const words = new Set(JSON.stringify(choice).split(/[^\w-]+/));
  const named = [...tables.keys()].filter((name) => words.has(name));
  return named.length > 0 ? named : [...tables.keys()];
}

function typesIn(table: Table | undefined): EventType[] {
  const cases = [...(table?.values() ?? [])].flat();
  return cases.flatMap(({ meaning }) => meaning.types);
}

export function compileTables(file: MappingFile["tables"]): Tables {
  return new Map(Object.entries(file).map(([name, words]) => [name, compileTable(words)]));
}

function compileTable(words: Readonly<Record<string, Entry>>): Table {
  return new Map(Object.entries(words).map(([word, entry]) => [word, casesOf(entry).map(compileCase)]));
}

function casesOf(entry: Entry): readonly Explained[] {
  if (typeof entry === "string") return [{ event: entry }];
  if (!Array.isArray(entry)) return [entry];
  const cases = entry.filter((one) => typeof one === "object");
  return cases.length > 0 ? cases : [{ event: entry.filter((one) => typeof one === "string") }];
}

function compileCase({ when, event, meaning, reopen }: Explained): Case {
  const types = listOf(event).filter((type) => type !== "ignore");
  return {
    holds: when === undefined ? () => true : compileCondition(when),
    meaning: { types, explanation: meaning ?? null, reopens: reopen ?? null },
  };
}
