/** `${NAME}` in texts: what the environment gives for it. */

export type Environment = Readonly<Record<string, string | undefined>>;

/** What became of a text with references in it. */
export interface Substitution {
  /** What stands there now. */
  text: string;
  /** Where it comes from, as a sentence's subject: `the environment variable NAME`, or `the default of NAME`. */
  origin: string;
  /** It is a reference whose default is empty and is used: as if it were not written. */
  isAbsent: boolean;
}

/** `$${` stands for `${` itself. */
const REFERENCE = /\$\$\{|\$\{((?:[^{}$]|\$(?!\{))*)\}|\$\{[^}]*\}?/g;
const NAME = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s;

/** Replaces every reference of a text. A name that is not set or a reference that cannot be read is a complaint. */
export function substitute(
  text: string,
  environment: Environment,
): Substitution & { value: string; complaints: string[] } {
  const complaints: string[] = [];
  const origins: string[] = [];
  let isAbsent = false;
  const value = text.replace(REFERENCE, (reference, inside: string | undefined) => {
    if (reference === "$${") return "${";
    const [, name, fallback] = NAME.exec(inside ?? "") ?? [];
    if (name === undefined) {
      complaints.push(
        `\`${reference}\` names no environment variable: write \`\${NAME}\` or \`\${NAME:-default}\``,
      );
      return "";
    }
    const given = environment[name];
    if (given) {
      origins.push(`the environment variable ${name}`);
      return given;
    }
    if (fallback === undefined) {
      const state = given === "" ? "empty" : "not set";
      complaints.push(
        `the environment variable ${name} is ${state}: set it, or write \`\${${name}:-default}\``,
      );
    }
    origins.push(`the default of ${name}`);
    isAbsent ||= fallback === "" && reference === text;
    return fallback ?? "";
  });
  return { value, complaints, text: value, origin: [...new Set(origins)].join(" with "), isAbsent };
}
