import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";

/** References in texts: `${NAME}` to the environment, `${file:PATH}` to a file. */

export type Environment = Readonly<Record<string, string | undefined>>;

/** What references are looked up in. */
export interface Surroundings {
  environment: Environment;
  /** Relative paths of files start here. */
  folder: string;
}

/** The result of replacing the references of a text. */
export interface Substitution {
  /** The text after the replacement. */
  text: string;
  /** The source, as a sentence's subject: `the environment variable NAME`, or `the default of NAME`. */
  origin: string;
  /** The text is one reference whose empty default is used: as if the value were not written. */
  isAbsent: boolean;
  /** Contents of files within the text: no message may show them. */
  contents: readonly string[];
}

/** `$${` is written for `${` itself. */
const REFERENCE = /\$\$\{|\$\{((?:[^{}$]|\$(?!\{))*)\}|\$\{[^}]*\}?/g;
const FILE = /^file:(?!-)(.+?)(?::-(.*))?$/s;
const NAME = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s;

/**
 * Replaces every reference of a text. Names that are not set, files that cannot be read and malformed
 * references are complaints. A file is read at each call. Where NAME is not set and NAME_FILE is, the value
 * of NAME is the content of the file that NAME_FILE names.
 */
export function substitute(
  text: string,
  surroundings: Surroundings,
): Substitution & { value: string; complaints: string[] } {
  const found: Found[] = [];
  const value = text.replace(REFERENCE, (reference, inside: string | undefined) => {
    if (reference === "$${") return "${";
    const one = lookUp(reference, inside ?? "", surroundings);
    found.push(one);
    return one.text;
  });
  const origins = found.flatMap(({ origin }) => origin ?? []);
  return {
    value,
    text: value,
    complaints: found.flatMap(({ complaint }) => complaint ?? []),
    origin: [...new Set(origins)].join(" with "),
    isAbsent: found.some(({ isDefault, text: used }) => isDefault && used === "" && isWhole(text)),
    contents: found.flatMap(({ isContent, text: used }) => (isContent ? [used] : [])),
  };
}

/** Whether the text is one reference and nothing else. */
function isWhole(text: string): boolean {
  return text.replace(REFERENCE, "") === "" && text.match(REFERENCE)?.length === 1;
}

/** What one reference stands for. */
interface Found {
  /** Empty where there is a complaint. */
  text: string;
  origin?: string;
  complaint?: string;
  isDefault?: true;
  isContent?: true;
}

function lookUp(reference: string, inside: string, { environment, folder }: Surroundings): Found {
  const [, path, otherwise] = FILE.exec(inside) ?? [];
  if (path !== undefined) return lookUpFile({ path, folder, otherwise });
  const [, name, fallback] = NAME.exec(inside) ?? [];
  if (name !== undefined) return lookUpName(name, fallback, { environment, folder });
  const complaint = /^file:/i.test(inside)
    ? `\`${reference}\` names no file: write \`\${file:/path}\` or \`\${file:/path:-default}\``
    : `\`${reference}\` names no environment variable: write \`\${NAME}\` or \`\${NAME:-default}\``;
  return { text: "", complaint };
}

function lookUpName(
  name: string,
  fallback: string | undefined,
  { environment, folder }: Surroundings,
): Found {
  const given = environment[name];
  const path = environment[`${name}_FILE`];
  const origin = `the environment variable ${name}`;
  if (given && path) {
    const complaint = `the environment variables ${name} and ${name}_FILE are both set: unset one of them`;
    return { text: "", origin, complaint };
  }
  if (given) return { text: given, origin };
  if (path) return lookUpFile({ path, folder, otherwise: fallback, namedBy: name });
  if (fallback !== undefined) return { text: fallback, origin: `the default of ${name}`, isDefault: true };
  const state = given === "" ? "empty" : "not set";
  const complaint = `${origin} is ${state}: set it, or ${name}_FILE to the path of a file that holds it, or write \`\${${name}:-default}\``;
  return { text: "", origin, complaint };
}

interface FileReference {
  path: string;
  folder: string;
  /** Used for an empty file and, unless a variable names the file, for one that does not exist. */
  otherwise: string | undefined;
  /** NAME, where NAME_FILE names the file. */
  namedBy?: string;
}

function lookUpFile({ path, folder, otherwise, namedBy }: FileReference): Found {
  const file = `the file ${path}`;
  const origin = namedBy === undefined ? file : `${file}, which ${namedBy}_FILE names`;
  const read = readSecretFile(resolve(folder, path));
  if ("text" in read && read.text !== "") return { text: read.text, origin, isContent: true };
  const mayBeMissing = namedBy === undefined && "isMissing" in read && read.isMissing;
  if (otherwise !== undefined && ("text" in read || mayBeMissing))
    return { text: otherwise, origin: `the default of ${namedBy ?? file}`, isDefault: true };
  const reason = "text" in read ? "is empty: write the value into it" : read.complaint;
  const subject = namedBy === undefined ? file : `${origin},`;
  return { text: "", origin, complaint: `${subject} ${reason}` };
}

/** The content of a small file, or why there is none, as the end of a sentence about the file. */
type FileText = { text: string } | { complaint: string; isMissing: boolean };

/** No secret is longer, so a longer file is the wrong one. */
const MAX_FILE_BYTES = 64 * 1_024;

const COMPLAINTS: Readonly<Record<string, string>> = {
  ENOENT: "does not exist",
  ENOTDIR: "does not exist: a part of its path is no folder",
  EACCES: "may not be read by the user of this process",
  EPERM: "may not be read by the user of this process",
  ELOOP: "is a symbolic link that leads to itself",
  ENAMETOOLONG: "has too long a name",
};

/**
 * Reads a file with one value, such as a secret of Docker, Kubernetes or systemd. One line break at the end
 * is taken off, since editors and `echo` write one. No complaint has anything of the content.
 */
function readSecretFile(path: string): FileText {
  try {
    // A pipe or a device could hold up the start for ever.
    const found = statSync(path);
    if (found.isDirectory()) return refuse("is a folder: name a file in it");
    if (!found.isFile()) return refuse("is no regular file");
    if (found.size > MAX_FILE_BYTES)
      return refuse(`is longer than ${MAX_FILE_BYTES / 1_024} KB, as no secret is: name the right one`);
    return decode(readFileSync(path));
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    const complaint = COMPLAINTS[code] ?? `cannot be read (${code || "for an unknown reason"})`;
    return refuse(complaint, code === "ENOENT");
  }
}

function decode(bytes: Uint8Array): FileText {
  try {
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes).replace(/\r?\n$/, "") };
  } catch {
    return refuse("is no text in UTF-8");
  }
}

function refuse(complaint: string, isMissing = false): FileText {
  return { complaint, isMissing };
}
