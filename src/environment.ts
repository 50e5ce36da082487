/** References to the environment in texts: `${NAME}`. */

export type Environment = Readonly<Record<string, string | undefined>>;

/** The result of replacing the references of a text. */
export interface Substitution {
  /** The text after the replacement. */
  text: string;
  /** The source, as a sentence's subject: `the environment variable NAME`, or `the default of NAME`. */
  origin: string;
  /** The text is one reference whose empty default is used: as if the value were not written. */
  isAbsent: boolean;
}

/** `$${` is written for `${` itself. */
const REFERENCE = /\$\$\{|\$\{((?:[^{}$]|\$(?!\{))*)\}|\$\{[^}]*\}?/g;
const NAME = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s;

/** Replaces every reference of a text. Names that are not set and malformed references are complaints. */
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
