import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseAllDocuments } from "yaml";

/** Files of the deployment as data. */

export const ROOT = new URL("../../", import.meta.url);
export const pathOf = (file: string) => fileURLToPath(new URL(file, ROOT));
export const read = (file: string) => readFileSync(pathOf(file), "utf8");

/** Any YAML; a test says what it expects of it. */
// biome-ignore lint/suspicious/noExplicitAny: manifests have no types here
export type Data = any;

/** The only document of a file. YAML 1.1, as the tools read it: merge keys, and 0440 is octal. */
export function yamlOf(file: string): Data {
  const documents = parseAllDocuments(read(file), { version: "1.1", merge: true });
  const [document] = documents;
  if (!document || documents.length !== 1) throw new Error(`${file} has not one document`);
  if (document.errors.length > 0) throw new Error(`${file}: ${document.errors.join()}`);
  return document.toJS({ maxAliasCount: 100 });
}

export interface Instruction {
  name: string;
  rest: string;
}

export interface Stage {
  name: string;
  /** After `FROM`, with arguments of the build filled in. */
  base: string;
  instructions: readonly Instruction[];
}

/** The stages of the Dockerfile, in order; comments are left out. */
export function stagesOf(dockerfile: string): Stage[] {
  const lines = dockerfile
    .replaceAll(/^#.*\n/gm, "")
    .replaceAll(/\\\n\s*/g, "")
    .split("\n");
  const args = new Map<string, string>();
  const stages: (Stage & { instructions: Instruction[] })[] = [];
  for (const line of lines.filter((one) => one.trim() !== "")) {
    const [, name = "", rest = ""] = /^(\w+) (.*)$/.exec(line) ?? [];
    const [, base, as] = /^(\S+) AS (\w+)$/.exec(rest) ?? [];
    const stage = stages.at(-1);
    if (name === "FROM" && base && as)
      stages.push({
        name: as,
        base: base.replace(/\$\{(\w+)\}/, (_, arg) => args.get(arg) ?? ""),
        instructions: [],
      });
    else if (stage) stage.instructions.push({ name, rest });
    else if (name === "ARG") args.set(...(rest.split("=", 2) as [string, string]));
    else throw new Error(`not understood: ${line}`);
  }
  return stages;
}

/** The last one of this name, as Docker takes it. */
export function instructionOf({ instructions }: Stage, name: string): string {
  const found = instructions.filter((one) => one.name === name).at(-1);
  if (!found) throw new Error(`there is no ${name}`);
  return found.rest;
}

/** The argument vector of ENTRYPOINT, CMD or HEALTHCHECK in exec form. */
export function execFormOf(stage: Stage, name: string): string[] {
  return JSON.parse(/\[.*\]$/.exec(instructionOf(stage, name))?.[0] ?? "null");
}
