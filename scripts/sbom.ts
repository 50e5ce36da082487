import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { productionPackages } from "./production-packages.ts";

const MAX_BYTES = 64 * 1_024 ** 2;

/** As far as it is read here: https://cyclonedx.org/docs/1.5/json/ */
export interface Sbom {
  bomFormat: "CycloneDX";
  metadata: { component: Component };
  components: Component[];
  dependencies: { ref: string; dependsOn: string[] }[];
}

export interface Component {
  "bom-ref": string;
  name: string;
  version: string;
  licenses?: ({ license: { id?: string; name?: string } } | { expression: string })[];
}

/** What packages write that is no identifier of SPDX: npm leaves it out. */
const SPDX_OF: Readonly<Record<string, string>> = { "BSD-0-Clause": "0BSD" };

function withLicence(component: Component): Component {
  if (component.licenses) return component;
  const { packages } = JSON.parse(readFileSync("package-lock.json", "utf8"));
  const written: string | undefined = packages[`node_modules/${component.name}`]?.license;
  const id = written === undefined ? undefined : SPDX_OF[written];
  return id === undefined ? component : { ...component, licenses: [{ license: { id } }] };
}

/**
 * The packages that Countersign needs to run, with their hashes and licences. With `--omit=dev` npm leaves
 * out those that development needs as well, so the lockfile decides.
 */
export function makeSbom(): Sbom {
  const args = ["sbom", "--package-lock-only", "--sbom-format=cyclonedx"];
  const all: Sbom = JSON.parse(execFileSync("npm", args, { encoding: "utf8", maxBuffer: MAX_BYTES }));
  // npm takes the name of the folder, whatever the package is called.
  const { name, version } = JSON.parse(readFileSync("package.json", "utf8"));
  const needed = new Set([...productionPackages().map(({ id }) => id), `${name}@${version}`]);
  return {
    ...all,
    metadata: { ...all.metadata, component: { ...all.metadata.component, name } },
    components: all.components.filter((one) => needed.has(one["bom-ref"])).map(withLicence),
    dependencies: all.dependencies
      .filter(({ ref }) => needed.has(ref))
      .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((one) => needed.has(one)) })),
  };
}
