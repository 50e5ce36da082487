import { isPlainObject } from "../domain/plain-object.ts";
import { checkYaml, parseYaml } from "../yaml.ts";
import {
  compileBoolean,
  compileCondition,
  compileRole,
  compileStatus,
  compileText,
  compileTime,
  type Field,
  listOf,
  type Scope,
} from "./field.ts";
import type { RoleField, StatusField, TextField, TimeField } from "./field-schema.ts";
import { elementsAt, parsePath } from "./path.ts";
import { type Entry, type EventFile, MappingFile, type ReferencesFile, type WordFile } from "./schema.ts";
import { casesOf } from "./table.ts";

/**
 * Which line of a mapping file made each part of an event. Fields are read a second time, alternative by
 * alternative, for people who ask: the compiled mapping knows no lines, and stays as fast as it is.
 */

/** A part of an event as one item gives it. */
export interface Origin {
  /** The part, such as `type`, `document.title` or `signers[0].email`. */
  part: string;
  /** Its value as text; times in ISO 8601, types with commas between. */
  value: string;
  /** The line of the file, from 1. */
  line: number;
  /** Its text, with the line after it where it only names what follows. */
  text: string;
}

/** The origins of the parts of one item, in the order of an event. Never throws, whatever the item is. */
export type Tracer = (scope: Scope) => readonly Origin[];

/** Signers of one item whose parts are traced. */
const MAX_SIGNERS = 20;

type KeyPath = readonly (string | number)[];

/** A part whose line is still to be found. */
interface Found {
  part: string;
  value: string;
  path: KeyPath;
}

/** For one channel of a mapping file's text. Null: the file is not good, or has no such channel. */
export function createTracer(text: string, file: string, channel: string): Tracer | null {
  const yaml = parseYaml(text, file);
  const { value: mapping } = checkYaml(yaml, MappingFile);
  const own = mapping?.channels[channel];
  const event = own?.event ?? mapping?.event;
  if (!mapping || !own || !event) return null;
  const path = own.event ? ["channels", channel, "event"] : ["event"];
  const lines = text.split("\n");
  return (scope) =>
    traceEvent(event, path, mapping.tables, scope).map(({ path, ...found }) => {
      const { line } = yaml.positionOf(path, "key");
      return { ...found, line, text: textAt(lines, line) };
    });
}

function textAt(lines: readonly string[], line: number): string {
  const text = (lines[line - 1] ?? "").trim();
  return text.endsWith(":") ? `${text} ${(lines[line] ?? "").trim()}` : text;
}

function traceEvent(event: EventFile, path: KeyPath, tables: MappingFile["tables"], scope: Scope): Found[] {
  if (!isPlainObject(scope.item)) return [];
  const { document, signer, signers } = event;
  return [
    ...traceWords(event.word, [...path, "word"], tables, scope),
    ...trace("id", event.id, [...path, "id"], text(scope)),
    ...trace("time", event.time, [...path, "time"], time(scope)),
    ...(document ? traceDocument(document, [...path, "document"], scope) : []),
    ...(signer ? traceSigner("signer", signer, [...path, "signer"], scope) : []),
    ...(signers ? traceSigners(signers, [...path, "signers"], scope) : []),
    ...trace("reason", event.reason, [...path, "reason"], text(scope)),
  ];
}

/** Reads one alternative of a field; null: it gives nothing. */
type Read<File> = (file: File) => string | null;

const text = (scope: Scope): Read<TextField> => reading(compileText, scope);
const time =
  (scope: Scope): Read<TimeField> =>
  (file) => {
    const at = compileTime(file).read(scope);
    if (at === null || Number.isNaN(at) || Math.abs(at) > MAX_DATE) return null;
    return new Date(at).toISOString();
  };

const MAX_DATE = 8.64e15;

function reading<File, T>(compile: (file: File) => Field<T>, scope: Scope): Read<File> {
  return (file) => {
    const value = compile(file).read(scope);
    return value === null ? null : String(value);
  };
}

/** The first alternative of a field that gives a value. */
function trace<File>(part: string, file: File | undefined, path: KeyPath, read: Read<File>): Found[] {
  if (file === undefined) return [];
  for (const { one, path: at } of alternatives(file, path)) {
    const value = read(one);
    if (value !== null) return [{ part, value, path: at }];
  }
  return [];
}

/** The alternatives of a field, each as a field of its own. */
function alternatives<File>(file: File, path: KeyPath): { one: File; path: KeyPath }[] {
  if (!Array.isArray(file)) return [{ one: file, path }];
  return file.map((one: File, index) => ({ one, path: [...path, index] }));
}

function traceWords(
  words: EventFile["word"],
  path: KeyPath,
  tables: MappingFile["tables"],
  scope: Scope,
): Found[] {
  for (const { one, path: at } of alternatives(words, path)) {
    const [word] = listOf(one);
    const from = word ? trace("code.value", word.from, [...at, "from"], text(scope)) : [];
    if (!word || !from[0]) continue;
    return [
      traceType(word, from[0].value, at, tables, scope),
      ...trace("code.object", word.object, [...at, "object"], text(scope)),
      ...from,
      ...trace("code.name", word.name, [...at, "name"], text(scope)),
    ];
  }
  return [];
}

/** The entry of the table that has the word, and of its cases the one that holds. */
function traceType(
  { table }: WordFile,
  word: string,
  path: KeyPath,
  tables: MappingFile["tables"],
  scope: Scope,
): Found {
  const unknown = { part: "type", value: "unknown", path: [...path, "table"] };
  for (const { one } of alternatives(table, [])) {
    const [choice] = listOf(one);
    const name = typeof choice === "object" ? compileText(choice).read(scope) : (choice ?? null);
    const entry = name === null ? undefined : entryOf(tables, name, word);
    if (name === null || entry === undefined) continue;
    const at = ["tables", name, word];
    const cases = casesOf(entry);
    const index = cases.findIndex(({ when }) => when === undefined || compileCondition(when)(scope));
    const held = cases[index];
    if (!held) return { ...unknown, path: at };
    const value = listOf(held.event).join(", ");
    return { part: "type", value, path: Array.isArray(entry) && hasCases(entry) ? [...at, index] : at };
  }
  return unknown;
}

function entryOf(tables: MappingFile["tables"], name: string, word: string): Entry | undefined {
  const table = Object.hasOwn(tables, name) ? tables[name] : undefined;
  return table && Object.hasOwn(table, word) ? table[word] : undefined;
}

function hasCases(entry: readonly unknown[]): boolean {
  return entry.some((one) => typeof one === "object");
}

type DocumentFile = NonNullable<EventFile["document"]>;

function traceDocument(document: DocumentFile, path: KeyPath, scope: Scope): Found[] {
  const { id, title, tags = [], references, test, expiresAt } = document;
  return [
    ...trace("document.id", id, [...path, "id"], text(scope)),
    ...trace("document.title", title, [...path, "title"], text(scope)),
    ...tags.flatMap((tag, index) => traceTag(tag, [...path, "tags", index], scope)),
    ...(references ? traceReferences(references, [...path, "references"], scope) : []),
    ...trace("document.test", test, [...path, "test"], reading(compileBoolean, scope)),
    ...trace("document.expiresAt", expiresAt, [...path, "expiresAt"], time(scope)),
  ];
}

function traceTag(tag: TextField, path: KeyPath, scope: Scope): Found[] {
  for (const { one, path: at } of alternatives(tag, path)) {
    const values = compileText(one).readAll(scope);
    if (values.length > 0) return values.map((value) => ({ part: "document.tags", value, path: at }));
  }
  return [];
}

function traceReferences(
  { each, name, value, fields = {} }: ReferencesFile,
  path: KeyPath,
  scope: Scope,
): Found[] {
  const part = (key: string) => `document.references.${key}`;
  const found = Object.entries(fields).flatMap(([key, field]) =>
    trace(part(key), field, [...path, "fields", key], text(scope)),
  );
  if (each === undefined || name === undefined || value === undefined) return found;
  const elements = elementsAt(scope, { each: parsePath(each), single: false }) ?? [];
  return [
    ...elements.slice(0, MAX_SIGNERS).flatMap((element) => {
      const around = { ...scope, ...element };
      const key = compileText(name).read(around);
      return key === null ? [] : trace(part(key), value, [...path, "value"], text(around));
    }),
    ...found,
  ];
}

type SignerFile = NonNullable<EventFile["signer"]>;

function traceSigner(part: string, signer: SignerFile, path: KeyPath, scope: Scope): Found[] {
  const { id, name, email, role, status } = signer;
  return [
    ...trace(`${part}.id`, id, [...path, "id"], text(scope)),
    ...trace(`${part}.name`, name, [...path, "name"], text(scope)),
    ...trace(`${part}.email`, email, [...path, "email"], text(scope)),
    ...trace<RoleField>(`${part}.role`, role, [...path, "role"], reading(compileRole, scope)),
    ...trace<StatusField>(`${part}.status`, status, [...path, "status"], reading(compileStatus, scope)),
  ];
}

function traceSigners(lists: NonNullable<EventFile["signers"]>, path: KeyPath, scope: Scope): Found[] {
  let count = 0;
  return alternatives(lists, path).flatMap(({ one, path: at }) =>
    listOf(one).flatMap(({ each, single, ...signer }) => {
      const elements = elementsAt(scope, { each: parsePath(each), single }) ?? [];
      return elements
        .slice(0, MAX_SIGNERS - Math.min(count, MAX_SIGNERS))
        .flatMap((element) => traceSigner(`signers[${count++}]`, signer, at, { ...scope, ...element }));
    }),
  );
}
