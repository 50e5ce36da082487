import type { EventType, SignerStatus } from "../domain/event.ts";
import { type CheckRule, compileCheck } from "./check.ts";
import { compileStatus, compileText, compileTime, type Field, listOf, type Scope } from "./field.ts";
import { type Path, parsePath } from "./path.ts";
import { parseRequestPlace, type RequestPlace } from "./place.ts";
import type { Entry, EventFile, MappingFile, WordFile } from "./schema.ts";

/** A mapping file, ready to be used: patterns compiled, names resolved, defaults filled in. */
export interface Mapping {
  provider: string;
  title: string;
  /** Which text of which mapping this is, such as `lumin@sha256:0123456789ab`. */
  digest: string;
  channels: ReadonlyMap<string, MappingChannel>;
}

export interface MappingChannel {
  name: string;
  title: string;
  checks: readonly CheckRule[];
  read: ReadRule;
  event: EventRule;
  answer: { body: string; type: string } | null;
  /** How long the provider's bodies may be, in bytes; null: as long as others'. */
  maxBody: number | null;
}

/** Where the payload is, and how its items are told apart. */
export interface ReadRule {
  from: RequestPlace;
  as: "json" | "form";
  /** Members of the payload that are JSON text. */
  parse: readonly string[];
  /** Where the list of items is; null: the payload is the one item. */
  each: Path | null;
}

/** Which fields of an item become which facts of an event. Null: the provider never says. */
export interface EventRule {
  words: readonly WordRule[];
  time: Field<number> | null;
  document: DocumentRule | null;
  signer: SignerRule | null;
  signers: (SignerRule & { each: Path }) | null;
}

export interface WordRule {
  from: Field<string>;
  object: Field<string> | null;
  name: Field<string> | null;
  /** What the word means; null when no table has it. */
  meaningOf(word: string, scope: Scope): WordMeaning | null;
}

interface WordMeaning {
  /** None: the word is to be ignored. */
  types: readonly EventType[];
  /** The provider's own explanation. */
  explanation: string | null;
}

export interface DocumentRule {
  id: Field<string>;
  title: Field<string> | null;
  tags: readonly Field<string>[];
  expiresAt: Field<number> | null;
}

export interface SignerRule {
  id: Field<string> | null;
  name: Field<string> | null;
  email: Field<string> | null;
  status: Field<SignerStatus> | null;
}

type Tables = ReadonlyMap<string, ReadonlyMap<string, WordMeaning>>;

/** The mapping that a checked file describes. `digest` names the file's text; a table that is not there has no words. */
export function compileMapping(file: MappingFile, digest: string): Mapping {
  const { provider, title } = file;
  const tables = compileTables(file.tables);
  const channels = Object.entries(file.channels).flatMap(([name, channel]) => {
    const { verify = [], read, event, answer = null, maxBody = null } = { ...file, ...channel };
    if (!event) return [];
    const rules = {
      checks: verify.map(compileCheck),
      read: compileRead(read),
      event: compileEvent(event, tables),
    };
    return [[name, { name, title: channel.title, ...rules, answer, maxBody }] as const];
  });
  return { provider, title, digest, channels: new Map(channels) };
}

function compileRead(file: MappingFile["read"]): ReadRule {
  const { from = "body", as = "json", parse = [], each } = file ?? {};
  return { from: parseRequestPlace(from), as, parse, each: each === undefined ? null : parsePath(each) };
}

function compileEvent(file: EventFile, tables: Tables): EventRule {
  const { word, time, document, signer, signers } = file;
  return {
    words: listOf(word).map((one) => compileWord(one, tables)),
    time: maybe(time, compileTime),
    document: maybe(document, ({ id, title, tags = [], expiresAt }) => ({
      id: compileText(id),
      title: maybe(title, compileText),
      tags: tags.map(compileText),
      expiresAt: maybe(expiresAt, compileTime),
    })),
    signer: maybe(signer, compileSigner),
    signers: maybe(signers, (list) => ({ each: parsePath(list.each), ...compileSigner(list) })),
  };
}

function compileSigner({ id, name, email, status }: NonNullable<EventFile["signer"]>): SignerRule {
  return {
    id: maybe(id, compileText),
    name: maybe(name, compileText),
    email: maybe(email, compileText),
    status: maybe(status, compileStatus),
  };
}

function compileWord({ from, table, object, name }: WordFile, tables: Tables): WordRule {
  const choices = listOf(table).map((choice) => compileChoice(choice, tables));
  return {
    from: compileText(from),
    object: maybe(object, compileText),
    name: maybe(name, compileText),
    meaningOf(word, scope) {
      for (const choose of choices) {
        const meaning = choose(scope)?.get(word);
        if (meaning) return meaning;
      }
      return null;
    },
  };
}

type Choose = (scope: Scope) => ReadonlyMap<string, WordMeaning> | undefined;

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

function compileTables(file: MappingFile["tables"]): Tables {
  return new Map(Object.entries(file).map(([name, words]) => [name, compileTable(words)]));
}

function compileTable(words: Readonly<Record<string, Entry>>): ReadonlyMap<string, WordMeaning> {
  return new Map(Object.entries(words).map(([word, entry]) => [word, compileEntry(entry)]));
}

function compileEntry(entry: Entry): WordMeaning {
  const { event, meaning = null } = isExplained(entry) ? entry : { event: entry };
  const types = listOf(event).filter((type) => type !== "ignore");
  return { types, explanation: meaning };
}

type Explained = Extract<Entry, { event: unknown }>;

function isExplained(entry: Entry): entry is Explained {
  return typeof entry === "object" && "event" in entry;
}

function maybe<File, Rule>(file: File | undefined, compile: (file: File) => Rule): Rule | null {
  return file === undefined ? null : compile(file);
}
