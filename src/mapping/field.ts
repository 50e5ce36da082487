import type { SignerRole, SignerStatus } from "../domain/event.ts";
import type { ConditionField, RoleField, Source, StatusField, TextField, TimeField } from "./field-schema.ts";
import { isPlain, parsePath, type Standpoint, valueAt, valuesAt } from "./path.ts";
import { compilePattern } from "./pattern.ts";
import { type PlaceRef, parsePlace } from "./request-place.ts";
import { type Scalar, type TextTransform, toText, toTime } from "./transform.ts";

/** The input of fields: an item, and the request around it. */
export interface Scope extends Standpoint {
  /** The text at a place of the request; null: none. */
  textAt(place: PlaceRef): string | null;
}

/** A compiled field of a payload. */
export interface Field<T> {
  /** The field's source, for messages. */
  label: string;
  /** The first value; null: none. */
  read(scope: Scope): T | null;
  /** All values: several where the path leads to a list. */
  readAll(scope: Scope): readonly T[];
}

/** A text field. Its values are never empty. */
export function compileText(file: TextField): Field<string> {
  return firstOf(listOf(file).map(compileTextStep));
}

/** A time field, in whole milliseconds since 1970; NaN for a value that is no time. */
export function compileTime(file: TimeField): Field<number> {
  return firstOf(
    listOf(file).map((step) => then(compileSource(step), (value) => toTime(step.as, value, step.zone))),
  );
}

/** The condition of a case: a value exists, or one of the values is an accepted one. */
export function compileCondition(file: ConditionField): (scope: Scope) => boolean {
  const conditions = listOf(file).map((one) => {
    const { is, ...step } = typeof one === "string" ? { path: one } : one;
    const field = compileTextStep(step);
    const accepted = is === undefined ? null : new Set(listOf(is));
    return (scope: Scope) => field.readAll(scope).some((value) => accepted === null || accepted.has(value));
  });
  return (scope) => conditions.every((holds) => holds(scope));
}

/** A field with a signer's status. */
export function compileStatus(file: StatusField): Field<SignerStatus> {
  return firstOf(listOf(file).map(({ values, ...step }) => then(compileTextStep(step), lookUp(values))));
}

/** A field with a signer's role. */
export function compileRole(file: RoleField): Field<SignerRole> {
  if (typeof file === "string") return field("a constant", () => [file]);
  return firstOf(listOf(file).map(({ values, ...step }) => then(compileTextStep(step), lookUp(values))));
}

/** A truth value, from any spelling that `boolean` knows. */
export function compileBoolean(file: TextField): Field<boolean> {
  return then(compileText(file), (text) => {
    const read = toText("boolean", text);
    return read === null ? null : read === "true";
  });
}

interface TextStep extends Source {
  as?: TextTransform | undefined;
  values?: Readonly<Record<string, string>> | undefined;
}

function compileTextStep(file: string | TextStep): Field<string> {
  if (typeof file === "string") return compileTextStep({ path: file });
  const { as = "text", values } = file;
  const text = then(compileSource(file), (value) => toText(as, value));
  return values ? then(text, lookUp(values)) : text;
}

function compileSource(file: Source): Field<Scalar> {
  const origin = compileOrigin(file);
  if (file.pattern === undefined) return origin;
  const take = compilePattern(file.pattern);
  return then(origin, (value) => take(String(value)) || null);
}

function compileOrigin({ path, place, value, join, with: between = "" }: Source): Field<Scalar> {
  if (path !== undefined) return atPath(path);
  if (place !== undefined) return atPlace(place);
  if (join !== undefined) return joined(join.map(compileTextStep), between);
  return field("a constant", () => scalarsOf(value));
}

function atPath(text: string): Field<Scalar> {
  const path = parsePath(text);
  if (isPlain(path)) return field(text, ({ item }) => scalarsOf(valueAt(item, path)));
  return field(text, (scope) => valuesAt(scope, path).flatMap(scalarsOf));
}

function atPlace(text: string): Field<Scalar> {
  const place = parsePlace(text);
  return field(text, ({ textAt }) => scalarsOf(textAt(place)));
}

function joined(parts: readonly Field<string>[], between: string): Field<Scalar> {
  const label = parts.map((part) => part.label).join(" + ");
  return field(label, (scope) => {
    const texts = parts.map((part) => part.read(scope)).filter((text) => text !== null);
    return scalarsOf(texts.join(between));
  });
}

/** The texts, numbers and truth values of a value or a list. An empty text is no value. */
function scalarsOf(value: unknown): readonly Scalar[] {
  if (Array.isArray(value)) return value.filter(isScalar);
  return isScalar(value) ? [value] : [];
}

function isScalar(value: unknown): value is Scalar {
  return typeof value === "string" ? value !== "" : typeof value === "number" || typeof value === "boolean";
}

function field<T>(label: string, readAll: Field<T>["readAll"]): Field<T> {
  return { label, readAll, read: (scope) => readAll(scope)[0] ?? null };
}

function then<A, B>(before: Field<A>, change: (value: A) => B | null): Field<B> {
  return field(before.label, (scope) => {
    const changed: B[] = [];
    for (const value of before.readAll(scope)) {
      const result = change(value);
      if (result !== null) changed.push(result);
    }
    return changed;
  });
}

/** The first alternative with a value. One with only unreadable values (NaN) counts when no other has any. */
function firstOf<T>(fields: readonly Field<T>[]): Field<T> {
  const [only] = fields;
  if (only && fields.length === 1) return only;
  const labels = new Set(fields.map(({ label }) => label));
  return field([...labels].join(" | "), (scope) => {
    let unreadable: readonly T[] = [];
    for (const { readAll } of fields) {
      const values = readAll(scope);
      if (values.some((value) => !Number.isNaN(value))) return values;
      if (values.length > 0) unreadable = values;
    }
    return unreadable;
  });
}

function lookUp<T>(values: Readonly<Record<string, T>>): (value: string) => T | null {
  const known = new Map(Object.entries(values));
  return (value) => known.get(value) ?? null;
}

/** One or several values, as a list. */
export function listOf<T>(value: T | readonly T[]): readonly T[] {
  return isList(value) ? value : [value];
}

function isList<T>(value: T | readonly T[]): value is readonly T[] {
  return Array.isArray(value);
}

/** Compiles an optional part of a mapping file; null where it is absent. */
export function maybe<File, Rule>(file: File | undefined, compile: (file: File) => Rule): Rule | null {
  return file === undefined ? null : compile(file);
}
