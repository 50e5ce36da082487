import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { messageOf } from "../domain/errors.ts";
import { checkYaml, type FileProblem, parseYaml } from "../yaml.ts";
import { compileMapping, type Mapping } from "./compile.ts";
import { findDangling } from "./dangling.ts";
import { MappingFile } from "./schema.ts";
import { unknownName } from "./suggest.ts";

/** The folder of the shipped mappings. */
export const SHIPPED_MAPPINGS = fileURLToPath(new URL("../../mappings/", import.meta.url));

export interface LoadedMapping {
  /** Null when there are problems, or no such file. */
  mapping: Mapping | null;
  problems: FileProblem[];
  /** The message for a name without a file; null: there is a file. */
  absent: string | null;
}

const NAME = /^[a-z0-9][a-z0-9-]*$/;

/**
 * Reads `<name>.yaml` from the first folder that has it. Names are of a-z, 0-9 and `-`, so they cannot leave
 * a folder.
 */
export async function loadMapping(name: string, folders: readonly string[]): Promise<LoadedMapping> {
  for (const folder of NAME.test(name) ? folders : []) {
    const file = join(folder, `${name}.yaml`);
    try {
      const text = await readFile(file, "utf8");
      return { ...parseMapping(text, file, name), absent: null };
    } catch (error) {
      if (isNotThere(error)) continue;
      const message = `cannot be read: ${messageOf(error)}`;
      return { mapping: null, problems: [{ file, line: 1, column: 1, message }], absent: null };
    }
  }
  return { mapping: null, problems: [], absent: unknownName("a mapping", name, await namesIn(folders)) };
}

/** The mapping of a file's text, or all its problems, each with its position. */
export function parseMapping(
  text: string,
  file: string,
  name: string,
): Pick<LoadedMapping, "mapping" | "problems"> {
  const yaml = parseYaml(text, file);
  const { value, problems } = checkYaml(yaml, MappingFile);
  for (const { path, message } of findDangling(yaml.value)) {
    problems.push({ ...yaml.positionOf(path), message: `\`${path.join(".")}\`: ${message}` });
  }
  if (!value || problems.length > 0) return { mapping: null, problems: inOrder(problems) };
  const digest = createHash("sha256").update(text).digest("hex").slice(0, 12);
  return { mapping: compileMapping(value, `${name}@sha256:${digest}`, { file, text }), problems };
}

async function namesIn(folders: readonly string[]): Promise<string[]> {
  const files = await Promise.all(folders.map((folder) => readdir(folder).catch(() => [])));
  const names = files.flat().flatMap((file) => /^(.+)\.yaml$/.exec(file)?.[1] ?? []);
  return [...new Set(names)].sort();
}

function isNotThere(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}

function inOrder(problems: readonly FileProblem[]): FileProblem[] {
  return problems.toSorted((a, b) => a.line - b.line || a.column - b.column);
}
