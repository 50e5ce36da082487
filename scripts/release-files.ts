import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { argv, stdout } from "node:process";
import { makeSbom } from "./sbom.ts";

/**
 * Writes what a release consists of: `npm run release-files -- FOLDER`, after `npm run build`. The package as
 * `npm publish` takes it, a list of what it needs to run (CycloneDX), and the SHA-256 of both, which
 * `sha256sum --check SHA256SUMS` compares.
 */

const [, , folder] = argv;
if (!folder) throw new Error("name the folder in which the files are to be written");
mkdirSync(folder, { recursive: true });

const args = ["pack", "--ignore-scripts", "--json", "--pack-destination", folder];
const [{ filename }]: [{ filename: string }] = JSON.parse(execFileSync("npm", args, { encoding: "utf8" }));
const sbom = filename.replace(/\.tgz$/, ".cdx.json");
writeFileSync(join(folder, sbom), `${JSON.stringify(makeSbom(), null, 2)}\n`);

const files = [filename, sbom];
const sums = files.map((file) => {
  const hash = createHash("sha256").update(readFileSync(join(folder, file)));
  return `${hash.digest("hex")}  ${file}\n`;
});
writeFileSync(join(folder, "SHA256SUMS"), sums.join(""));
stdout.write(sums.join(""));
