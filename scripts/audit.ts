import { spawnSync } from "node:child_process";
import { exit, stderr, stdout } from "node:process";
import { type Component, makeSbom } from "./sbom.ts";

/**
 * Checks the packages that Countersign needs to run: `npm run audit`. Their licences always; known
 * vulnerabilities where the registry answers, and otherwise it says that these were not checked. The exit
 * code is 1 when something is found.
 */

/** Licences whose terms a distributed image keeps by including their texts. */
const ALLOWED: ReadonlySet<string> = new Set([
  ...[
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BlueOak-1.0.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "Unlicense",
  ],
]);

/** A sentence for each package that has no allowed licence. Of several with OR, one is enough. */
export function licenceProblems(components: readonly Omit<Component, "bom-ref">[]): string[] {
  return components.flatMap(({ name, version, licenses = [] }) => {
    const expressions = licenses.map((one) =>
      "expression" in one ? one.expression : (one.license.id ?? one.license.name ?? "none"),
    );
    if (expressions.length > 0 && expressions.every(isAllowed)) return [];
    return [`${name} ${version}: ${expressions.join(", ") || "no licence"}`];
  });
}

function isAllowed(expression: string): boolean {
  const choices = expression.replaceAll(/[()]/g, "").split(" OR ");
  return choices.some((choice) => choice.split(" AND ").every((licence) => ALLOWED.has(licence.trim())));
}

/** What `npm audit` found, a sentence each; null: the registry did not answer. */
export function vulnerabilitiesIn(answer: string): string[] | null {
  const report = parse(answer);
  if (report?.vulnerabilities === undefined) return null;
  return Object.values(report.vulnerabilities).map(
    ({ name, severity, range }) => `${name} ${range}: ${severity}`,
  );
}

interface Report {
  vulnerabilities?: Record<string, { name: string; severity: string; range: string }>;
}

function parse(text: string): Report | null {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

if (import.meta.main) {
  const { components } = makeSbom();
  const licences = licenceProblems(components);
  stdout.write(`${components.length} packages, ${licences.length} with a licence that is not allowed\n`);
  const found = vulnerabilitiesIn(
    spawnSync("npm", ["audit", "--omit=dev", "--json"], { encoding: "utf8" }).stdout,
  );
  if (found === null)
    stderr.write("vulnerabilities were not checked: the registry does not answer `npm audit`\n");
  else stdout.write(`${found.length} packages with known vulnerabilities\n`);
  const problems = [...licences, ...(found ?? [])];
  for (const problem of problems) stderr.write(`${problem}\n`);
  exit(problems.length === 0 ? 0 : 1);
}
