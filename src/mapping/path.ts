import { z } from "zod";

/** The steps to a value in a payload, outermost first; empty: the payload itself. */
export type Path = readonly Step[];

/** A key or a list's position, a selection of a list's elements, or `^`: back out of the current list. */
export type Step = string | Elements | { up: true };

/** A selection of a list's elements: all, or those with a member that equals a text. */
interface Elements {
  /** The list's key; null: the steps before lead to the list itself. */
  key: string | null;
  where: { member: readonly string[]; equals: string | { at: readonly string[] } } | null;
  /** As written after the key: `[]` or `[member=text]`. */
  selector: string;
}

const PLAIN_KEY = String.raw`(?:\\.|[^.\\\]{}=[])+`;
const PLAIN = String.raw`${PLAIN_KEY}(?:\.${PLAIN_KEY})*`;
const SELECTOR = String.raw`\[(?:(${PLAIN})=(?:\{(${PLAIN})\}|((?!\{)(?:\\.|[^\]\\])*)))?\](?=\.|$)`;
const KEY = String.raw`(?:${SELECTOR.replace(/\((?!\?)/g, "(?:")}|\\.|[^.\\])+`;

const PATH = new RegExp(String.raw`^(?:\.|${KEY}(?:\.${KEY})*)$`, "s");

/**
 * Whether a text is a path. A malformed selector is refused, since it would count as a key and never be
 * found.
 */
export function isPath(text: string): boolean {
  const rest = text.replace(/\\./gs, "").replace(ANY_SELECTOR, "");
  return PATH.test(text) && !/\[[^\]]*=/.test(rest);
}

/**
 * A path as mapping files write it: keys and list positions with dots between; `.` alone is the payload
 * itself.
 */
export const PathText = z
  .string()
  .refine(isPath, {
    error:
      "a path is keys with dots between, such as event.type; `.` is the whole, `list[]` all elements of a list, `list[member=text]` those that fit",
  })
  .meta({ minLength: 1, examples: ["event.event_type", "signers.0.email", "fields[name=order].value", "."] });

const ANY_SELECTOR = new RegExp(SELECTOR, "gs");
const NEXT_SELECTOR = new RegExp(SELECTOR, "sy");

/** Splits a path at its dots; a character after `\` stands for itself. */
export function parsePath(text: string): Path {
  if (text === ".") return [];
  const steps: Step[] = [];
  let [key, isKey, isWritten] = ["", false, true];
  const end = () => {
    if (isKey) steps.push(key === "^" && isWritten && steps.every(isUp) ? { up: true } : key);
    [key, isKey, isWritten] = ["", false, true];
  };
  for (let i = 0; i < text.length; i++) {
    const selector = text[i] === "[" ? selectorAt(text, i) : null;
    if (selector) {
      steps.push({ key: isKey ? key : null, ...selector });
      [key, isKey] = ["", false];
      i += selector.selector.length - 1;
    } else if (text[i] === ".") end();
    else {
      if (text[i] === "\\") isWritten = false;
      key += text[i] === "\\" ? (text[++i] ?? "") : text[i];
      isKey = true;
    }
  }
  end();
  return steps;
}

function selectorAt(text: string, index: number): Pick<Elements, "selector" | "where"> | null {
  NEXT_SELECTOR.lastIndex = index;
  const match = NEXT_SELECTOR.exec(text);
  if (!match) return null;
  const [selector, member, at, equals = ""] = match;
  if (member === undefined) return { selector, where: null };
  const wanted = at === undefined ? unescaped(equals) : { at: keysOf(at) };
  return { selector, where: { member: keysOf(member), equals: wanted } };
}

const keysOf = (plain: string) => plain.split(/(?<!\\)\./).map(unescaped);

function unescaped(text: string): string {
  return text.replace(/\\(.)/gs, "$1");
}

/** The path as mapping files write it. */
export function formatPath(path: Path): string {
  return path.map(formatStep).join(".") || ".";
}

function formatStep(step: Step): string {
  if (typeof step === "string") return step.replace(/[.\\]/g, "\\$&");
  return isUp(step) ? "^" : `${formatStep(step.key ?? "")}${step.selector}`;
}

function isUp(step: Step): step is { up: true } {
  return typeof step === "object" && "up" in step;
}

/** Whether a path has keys alone, and so leads to one value at most. */
export function isPlain(path: Path): boolean {
  return path.every((step) => typeof step === "string");
}

/** Whether the path ends in a selection of elements. */
function endsInElements(path: Path): boolean {
  const last = path.at(-1);
  return typeof last === "object" && !isUp(last);
}

const POSITION = /^\d+$/;

/**
 * The first value at a path; undefined: none. Only a payload's own members count, never inherited ones, and
 * of a list only its elements.
 */
export function valueAt(value: unknown, path: Path): unknown {
  let found = value;
  for (const step of path) {
    if (typeof step !== "string") return valuesAt({ item: value }, path)[0];
    found = memberOf(found, step);
    if (found === undefined) return undefined;
  }
  return found;
}

function memberOf(value: unknown, key: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
  return Array.isArray(value) && !POSITION.test(key) ? undefined : Reflect.get(value, key);
}

/**
 * An element of a payload, or the payload itself, with the elements around it: innermost first, the payload
 * last.
 */
export interface Standpoint {
  item: unknown;
  around?: readonly unknown[] | undefined;
  /**
   * The list elements that all fields together may still visit. Absent: only the limit of each field counts.
   */
  budget?: { left: number } | undefined;
}

/** List elements that one field may visit, and all fields of one item: look-ups must stay cheap. */
export const MAX_FIELD_ELEMENTS = 1_000;
export const MAX_ITEM_ELEMENTS = 100_000;

/** A value, and the standpoint from which its keys start. */
interface Found {
  value: unknown;
  from: Standpoint;
}

/** All values at a path. After `MAX_FIELD_ELEMENTS` list elements no more are visited. */
export function valuesAt(from: Standpoint, path: Path): unknown[] {
  const most = Math.min(MAX_FIELD_ELEMENTS, from.budget?.left ?? MAX_FIELD_ELEMENTS);
  const budget = { left: most };
  const found = findAt(from, path, budget);
  if (from.budget) from.budget.left -= most - budget.left;
  return found.map(({ value }) => value);
}

/**
 * The elements of the list at the path `each`, or of several lists in order. With `single`, an object in
 * place of the list is its only element. Null: there is neither.
 */
export function elementsAt(
  from: Standpoint,
  { each, single }: { each: Path; single: boolean },
): Standpoint[] | null {
  const found = findAt(from, each, { left: Number.POSITIVE_INFINITY });
  const lists = found.map((one) => {
    const isElement = endsInElements(each) && one.value === one.from.item;
    return isElement ? [one.from] : listOf(one, single);
  });
  if (!endsInElements(each) && lists.every((list) => list === null)) return null;
  return lists.flatMap((list) => list ?? []);
}

function listOf({ value, from }: Found, single: boolean): Standpoint[] | null {
  if (Array.isArray(value)) return value.map((item: unknown) => within(from, item));
  return single && typeof value === "object" && value !== null ? [within(from, value)] : null;
}

function findAt(from: Standpoint, path: Path, budget: { left: number }): Found[] {
  const payload = from.around?.at(-1) ?? from.item;
  let found: Found[] = [{ value: from.item, from }];
  for (const step of path) {
    found = found.flatMap((one): Found[] => {
      if (typeof step === "string") return follow(one, step);
      return isUp(step) ? leave(one) : enter(one, step, payload, budget);
    });
  }
  return found;
}

function follow({ value, from }: Found, key: string): Found[] {
  const member = memberOf(value, key);
  return member === undefined ? [] : [{ value: member, from }];
}

/** Back to the element around the list. */
function leave({ from: { around = [] } }: Found): Found[] {
  const [item, ...further] = around;
  return around.length === 0 ? [] : [{ value: item, from: { item, around: further } }];
}

/** The selected elements. A member named exactly as the step is written wins: forms have such names. */
function enter(found: Found, step: Elements, payload: unknown, budget: { left: number }): Found[] {
  const named = follow(found, `${step.key ?? ""}${step.selector}`);
  if (named.length > 0) return named;
  const list = step.key === null ? found.value : memberOf(found.value, step.key);
  if (!Array.isArray(list)) return [];
  const elements: unknown[] = list.slice(0, budget.left);
  budget.left -= elements.length;
  const fits = fitting(step.where, payload);
  return elements.filter(fits).map((value) => ({ value, from: within(found.from, value) }));
}

function fitting(where: Elements["where"], payload: unknown): (element: unknown) => boolean {
  if (where === null) return () => true;
  const { member, equals } = where;
  const wanted = typeof equals === "string" ? equals : textOf(valueAt(payload, equals.at));
  return (element) => wanted !== null && textOf(valueAt(element, member)) === wanted;
}

function textOf(value: unknown): string | null {
  return ["string", "number", "boolean"].includes(typeof value) ? String(value) : null;
}

function within({ item, around = [] }: Standpoint, element: unknown): Standpoint {
  return { item: element, around: [item, ...around] };
}
