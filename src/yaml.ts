import { dirname, resolve } from "node:path";
import {
  isAlias,
  isCollection,
  isNode,
  isScalar,
  LineCounter,
  parseDocument,
  type Scalar,
  visit,
} from "yaml";
import { z } from "zod";
import { isPlainObject } from "./domain/plain-object.ts";
import { type Environment, type Substitution, substitute } from "./environment.ts";

/** A position in a file; lines and columns count from 1. */
export interface FilePosition {
  file: string;
  line: number;
  column: number;
}

/** A mistake in a file: where it is, what is wrong and what would be right. */
export interface FileProblem extends FilePosition {
  message: string;
}

/** A YAML file as data, with the position of every value. */
export interface YamlFile {
  file: string;
  value: unknown;
  problems: readonly FileProblem[];
  /**
   * The position of the value at `path`, or of its nearest existing parent. With `key`, of the value's key.
   */
  positionOf(path: readonly PropertyKey[], of?: "key" | "value"): FilePosition;
  /** The substitution in the text at `path`; null: the text has no reference. */
  substitutionAt(path: readonly PropertyKey[]): Substitution | null;
  /** The contents of files that stand in the data, each with the position of its scalar. */
  contents: readonly FileContent[];
}

/** A content of a file that a scalar refers to; no message may show it. */
export interface FileContent {
  position: FilePosition;
  /** The text of the scalar, and of each file in it. */
  texts: readonly string[];
}

/**
 * Reads YAML and keeps the position of every value. With `environment`, `${NAME}`, `${NAME:-default}` and
 * `${file:PATH}` in scalars are replaced after parsing, so that a value can never be taken for YAML. A name
 * that is not set, or a file that cannot be read, is a problem, never literal text. A scalar that is
 * `${NAME:-}` alone is left out, with its key, where NAME is not set. Relative paths start from the folder of
 * `file`.
 */
export function parseYaml(text: string, file: string, environment?: Environment): YamlFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const positionAt = (offset: number): FilePosition => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };

  const problems = unique(
    [...document.errors, ...document.warnings].map(({ pos: [offset], message }) => {
      const bare = bareNameIn(text, offset);
      if (bare === null) return { ...positionAt(offset), message: `not valid YAML: ${message}` };
      return {
        ...positionAt(bare.offset),
        message: `write "${bare.name}": between { } and [ ] it needs quotes`,
      };
    }),
  );
  const substitutions = new Map<unknown, Substitution>();
  const contents: FileContent[] = [];
  /** Whether the scalar is to be left out. */
  const replace = (node: Scalar): boolean => {
    if (!environment || typeof node.value !== "string" || !node.value.includes("${")) return false;
    const surroundings = { environment, folder: dirname(resolve(file)) };
    const { value, complaints, ...substitution } = substitute(node.value, surroundings);
    const position = positionAt(node.range?.[0] ?? 0);
    problems.push(...complaints.map((message) => ({ ...position, message })));
    if (substitution.contents.length > 0)
      contents.push({ position, texts: [...new Set([value, ...substitution.contents])] });
    node.value = value;
    substitutions.set(node, substitution);
    return substitution.isAbsent;
  };
  visit(document, {
    Pair(_key, pair) {
      if (isScalar(pair.value) && replace(pair.value)) return visit.REMOVE;
    },
    Scalar(key, node) {
      if (!substitutions.has(node) && replace(node) && typeof key === "number") return visit.REMOVE;
    },
  });

  return {
    file,
    value: document.errors.length > 0 ? null : document.toJS({ maxAliasCount: 100 }),
    problems,
    contents,
    positionOf(path, of = "value") {
      for (let length = path.length; length >= 0; length--) {
        const offset = offsetOf(document, path.slice(0, length), of === "key" && length === path.length);
        if (offset !== null) return positionAt(offset);
      }
      return { file, line: 1, column: 1 };
    },
    substitutionAt: (path) => substitutions.get(nodeAt(document, path)) ?? null,
  };
}

/** The node at a path; aliases on the way are followed. */
function nodeAt(document: ReturnType<typeof parseDocument>, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((around, key) => {
    const inner: unknown = isCollection(around) ? around.get(key, true) : undefined;
    return isAlias(inner) ? inner.resolve(document) : inner;
  }, document.contents);
}

const BARE_NAME = /(?<=[{[,:]\s*)\$\{[^}]*\}/;

/**
 * A `${NAME}` without quotes in the line of an error: within `{ }` and `[ ]` its braces count as YAML's own.
 */
function bareNameIn(text: string, offset: number): { name: string; offset: number } | null {
  const start = text.lastIndexOf("\n", offset - 1) + 1;
  const [line = ""] = text.slice(start).split("\n", 1);
  const found = BARE_NAME.exec(line);
  return found && { name: found[0], offset: start + found.index };
}

/** Parses the file's data with a schema. All problems are found at once, each with its position. */
export function checkYaml<T>(
  yaml: YamlFile,
  schema: z.ZodType<T>,
): { value: T | null; problems: FileProblem[] } {
  const problems = [...yaml.problems];
  const result = schema.safeParse(yaml.value);
  if (result.success) return { value: problems.length === 0 ? result.data : null, problems };
  if (yaml.value === null && problems.length > 0) return { value: null, problems };
  // A value that is missing from the environment has its problem already.
  const known = new Set(problems.map(formatPosition));
  const more = result.error.issues.flatMap((issue) => explain(yaml, issue));
  problems.push(...more.filter((problem) => !known.has(formatPosition(problem))));
  return { value: null, problems: unique(problems) };
}

/** The entries of the mapping at `keys` in unchecked data; none where there is no mapping. */
export function entriesOf(value: unknown, ...keys: readonly string[]): Readonly<Record<string, unknown>> {
  const found = keys.reduce<unknown>((inner, key) => entriesOf(inner)[key], value);
  return isPlainObject(found) ? { ...found } : {};
}

/** An object schema that refuses other keys, with the known ones in its message. */
export function exactly<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === "unrecognized_keys" ? `known here: ${Object.keys(shape).join(", ")}` : undefined,
  });
}

/** `file:line:column: message`, as compilers write it and editors read it. */
export function formatProblem(problem: FileProblem): string {
  return `${formatPosition(problem)}: ${problem.message}`;
}

function offsetOf(
  document: ReturnType<typeof parseDocument>,
  path: readonly PropertyKey[],
  key: boolean,
): number | null {
  if (key) {
    const holder: unknown = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
    const pairs = (holder as { items?: { key?: unknown }[] } | null)?.items ?? [];
    const pair = pairs.find((item) => isScalar(item.key) && String(item.key.value) === String(path.at(-1)));
    if (pair && isNode(pair.key)) return pair.key.range?.[0] ?? null;
  }
  const node: unknown = path.length === 0 ? document.contents : document.getIn(path, true);
  return isNode(node) ? (node.range?.[0] ?? null) : null;
}

/**
 * Each unknown key has a problem at its own position; of a union, the branch that was meant has the problems.
 */
function explain(yaml: YamlFile, issue: z.core.$ZodIssue): FileProblem[] {
  const meant = issue.code === "invalid_union" ? meantOf(issue.errors) : undefined;
  if (meant)
    return meant.flatMap((inner) => explain(yaml, { ...inner, path: [...issue.path, ...inner.path] }));
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({
      ...yaml.positionOf([...issue.path, key], "key"),
      message: `${at([...issue.path, key])}is not a known key (${issue.message})`,
    }));
  }
  if (issue.code === "invalid_key") {
    const [wrong = issue] = issue.issues;
    return [{ ...yaml.positionOf(issue.path, "key"), message: `${at(issue.path)}${wrong.message}` }];
  }
  const message = sayOrigin(issue, yaml.substitutionAt(issue.path));
  return [{ ...yaml.positionOf(issue.path), message: `${at(issue.path)}${message}` }];
}

/**
 * Names the variable or the file. The value of a variable is shown only where a number or one of a few words
 * is wanted, and so no secret; the content of a file never is.
 */
function sayOrigin(issue: z.core.$ZodIssue, substitution: Substitution | null): string {
  if (!substitution) return issue.message;
  const { origin, text, contents } = substitution;
  const isNumber = (issue.code === "too_small" || issue.code === "too_big") && NUMBERS.has(issue.origin);
  const isHarmless = wantedBy(issue) !== null || issue.code === "invalid_value" || isNumber;
  return isHarmless && contents.length === 0
    ? `${origin} is ${JSON.stringify(text)}: ${issue.message}`
    : `${issue.message} (it comes from ${origin})`;
}

const NUMBERS: ReadonlySet<string> = new Set(["number", "int"]);

/**
 * The type that an issue asks for, where that is a number or a truth value; null: another, or no type is
 * wrong.
 */
export function wantedBy(issue: z.core.$ZodIssue): "number" | "boolean" | null {
  if (issue.code !== "invalid_type") return null;
  if (NUMBERS.has(issue.expected)) return "number";
  return issue.expected === "boolean" ? "boolean" : null;
}

type Issues = readonly z.core.$ZodIssue[];

/** Of a failed union, the branch whose type matched: its issues are the ones to show. */
function meantOf(alternatives: readonly Issues[]): Issues | undefined {
  const fits = (...unfit: string[]) =>
    alternatives.find(
      (issues) => !issues.some(({ code, path }) => path.length === 0 && unfit.includes(code)),
    );
  return fits("invalid_type", "invalid_value") ?? fits("invalid_type");
}

function at(path: readonly PropertyKey[]): string {
  return path.length === 0 ? "" : `\`${path.map(String).join(".")}\`: `;
}

function formatPosition({ file, line, column }: FilePosition): string {
  return `${file}:${line}:${column}`;
}

function unique(problems: readonly FileProblem[]): FileProblem[] {
  return [...new Map(problems.map((problem) => [formatProblem(problem), problem])).values()];
}
