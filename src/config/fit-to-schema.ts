import type { z } from "zod";
import { wantedBy, type YamlFile } from "../yaml.ts";

/**
 * Converts texts to numbers and truth values where the schema wants these and the text reads as one. So
 * `${NAME}` may stand for any value, in quotes or not, as may a template's `"8080"`; and a secret of digits
 * stays a text.
 */
export function fitToSchema(yaml: YamlFile, schema: z.ZodType): YamlFile {
  let { value } = yaml;
  for (;;) {
    const issues = schema.safeParse(value).error?.issues ?? [];
    const fits = issues.flatMap((issue) => fitsOf(issue, [], yaml));
    if (fits.every((fit) => valueAt(value, fit.path) === fit.value)) return { ...yaml, value };
    for (const fit of fits) value = withValueAt(value, fit.path, fit.value);
  }
}

interface Fit {
  path: readonly PropertyKey[];
  value: unknown;
}

function fitsOf(issue: z.core.$ZodIssue, around: readonly PropertyKey[], yaml: YamlFile): Fit[] {
  const path = [...around, ...issue.path];
  if (issue.code === "invalid_union")
    return issue.errors.flat().flatMap((inner) => fitsOf(inner, path, yaml));
  const wanted = wantedBy(issue);
  const given = valueAt(yaml.value, path);
  const text = wanted && typeof given === "string" ? given.trim() : null;
  if (wanted === "boolean" && text && /^(?:true|false)$/i.test(text))
    return [{ path, value: text.toLowerCase() === "true" }];
  return wanted === "number" && text && /^[+-]?\d+(?:\.\d+)?$/.test(text)
    ? [{ path, value: Number(text) }]
    : [];
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((around, key) => Object(around)[key], value);
}

function withValueAt(around: unknown, path: readonly PropertyKey[], value: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  const inner = withValueAt(valueAt(around, [key]), rest, value);
  return Array.isArray(around)
    ? around.map((item, index) => (index === key ? inner : item))
    : { ...Object(around), [key]: inner };
}
