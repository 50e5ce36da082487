import type { Reopening } from "../domain/draft.ts";
import type { EventType, SignerRole, SignerStatus } from "../domain/event.ts";
import { type CheckRule, compileCheck } from "./check.ts";
import {
  compileBoolean,
  compileRole,
  compileStatus,
  compileText,
  compileTime,
  type Field,
  listOf,
  type Scope,
} from "./field.ts";
import { type Path, parsePath } from "./path.ts";
import { parseRequestPlace, type RequestPlace } from "./place.ts";
import type { Entry, EventFile, MappingFile, ReferencesFile, WordFile } from "./schema.ts";

/** A mapping file, ready to be used: patterns compiled, names resolved, defaults filled in. */
export interface Mapping {
  provider: string;
  title: string;
  /** Where the provider documents its webhooks; null: the file does not say. */
  documentation: string | null;
  /** What of the file is inferred and not documented. */
  unproved: readonly string[];
  /** Which text of which mapping this is, such as `lumin@sha256:0123456789ab`. */
  digest: string;
  /** Whether one of its words lets a document start again, so that what happens once can happen again. */
  reopenable: boolean;
  channels: ReadonlyMap<string, MappingChannel>;
}

export interface MappingChannel {
  name: string;
  title: string;
  /** What to do at the provider; null: the file does not say. */
  setup: string | null;
  checks: readonly CheckRule[];
  read: ReadRule;
  event: EventRule;
  answer: { body: string; type: string } | null;
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
  reason: Field<string> | null;
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
  /** Whether the document starts again with it; null: it does not. */
  reopens: Reopening | null;
}

export interface DocumentRule {
  id: Field<string>;
  title: Field<string> | null;
  tags: readonly Field<string>[];
  references: ReferencesRule | null;
  test: Field<boolean> | null;
  expiresAt: Field<number> | null;
}

/** Where the sender's own keys and values are. */
export interface ReferencesRule {
  /** The object whose members they are, or the list of which each element is one; null: only `fields`. */
  each: Path | null;
  /** How an element of the list gives name and value; null: `each` leads to an object. */
  element: { name: Field<string>; value: Field<string> } | null;
  fields: readonly (readonly [name: string, value: Field<string>])[];
}

export interface SignerRule {
  id: Field<string> | null;
  name: Field<string> | null;
  email: Field<string> | null;
  role: Field<SignerRole> | null;
  status: Field<SignerStatus> | null;
}

type Tables = ReadonlyMap<string, ReadonlyMap<string, WordMeaning>>;

/** The mapping that a checked file describes. `digest` names the file's text; a table that is not there has no words. */
export function compileMapping(file: MappingFile, digest: string): Mapping {
  const { provider, title, documentation = null, unproved = [] } = file;
  const tables = compileTables(file.tables);
  const channels = Object.entries(file.channels).flatMap(([name, channel]) => {
    const { verify = [], read, event, answer = null } = { ...file, ...channel };
    if (!event) return [];
    const rules = {
      checks: verify.map(compileCheck),
      read: compileRead(read),
      event: compileEvent(event, tables),
    };
    const { title, setup = null } = channel;
    return [[name, { name, title, setup, ...rules, answer }] as const];
  });
  const meanings = [...tables.values()].flatMap((words) => [...words.values()]);
  const reopenable = meanings.some(({ reopens }) => reopens !== null);
  const about = { provider, title, documentation, unproved };
  return { ...about, digest, reopenable, channels: new Map(channels) };
}

function compileRead(file: MappingFile["read"]): ReadRule {
  const { from = "body", as = "json", parse = [], each } = file ?? {};
  return { from: parseRequestPlace(from), as, parse, each: each === undefined ? null : parsePath(each) };
}

function compileEvent(file: EventFile, tables: Tables): EventRule {
  const { word, time, document, signer, signers, reason } = file;
  return {
    words: listOf(word).map((one) => compileWord(one, tables)),
    time: maybe(time, compileTime),
    document: maybe(document, ({ id, title, tags = [], references, test, expiresAt }) => ({
      id: compileText(id),
      title: maybe(title, compileText),
      tags: tags.map(compileText),
      references: maybe(references, compileReferences),
      test: maybe(test, compileBoolean),
      expiresAt: maybe(expiresAt, compileTime),
    })),
    signer: maybe(signer, compileSigner),
    signers: maybe(signers, (list) => ({ each: parsePath(list.each), ...compileSigner(list) })),
    reason: maybe(reason, compileText),
  };
}

function compileReferences({ each, name, value, fields = {} }: ReferencesFile): ReferencesRule {
  return {
    each: maybe(each, parsePath),
    element:
      name === undefined || value === undefined
        ? null
        : { name: compileText(name), value: compileText(value) },
    fields: Object.entries(fields).map(([key, field]) => [key, compileText(field)] as const),
  };
}

function compileSigner({ id, name, email, role, status }: NonNullable<EventFile["signer"]>): SignerRule {
  return {
    id: maybe(id, compileText),
    name: maybe(name, compileText),
    email: maybe(email, compileText),
    role: maybe(role, compileRole),
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
  const { event, meaning = null, reopen = null } = isExplained(entry) ? entry : { event: entry };
  const types = listOf(event).filter((type) => type !== "ignore");
  return { types, explanation: meaning, reopens: reopen };
}

type Explained = Extract<Entry, { event: unknown }>;

function isExplained(entry: Entry): entry is Explained {
  return typeof entry === "object" && "event" in entry;
}

function maybe<File, Rule>(file: File | undefined, compile: (file: File) => Rule): Rule | null {
  return file === undefined ? null : compile(file);
}
