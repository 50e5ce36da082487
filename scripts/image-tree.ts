import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync } from "node:fs";
import { join, relative } from "node:path";
import { argv, stdout } from "node:process";
import { productionPackages } from "./production-packages.ts";

/**
 * Assembles the file tree of the image: `node scripts/image-tree.ts FOLDER`, after `npm run build`.
 *
 * `app` has what `npm pack` holds and the packages that it needs to run, as `npm ci --omit=dev` installs
 * them; they are copied from node_modules, so nothing is downloaded. `data` is empty. The Dockerfile and
 * test/deploy/box.ts make the tree with this script.
 */

const [, , target] = argv;
if (!target) throw new Error("name the folder in which the tree is to be made");
const app = join(target, "app");
// Folders of a package may hold others that only development needs.
const isInner = (path: string, folder: string) => relative(folder, path).split("/").includes("node_modules");

mkdirSync(join(target, "data"), { recursive: true });
for (const file of packedFiles()) copy(file);
// A demonstration needs a receiver that verifies.
copy("examples/receiver-node.js");
for (const { folder } of productionPackages())
  cpSync(folder, join(app, folder), { recursive: true, filter: (path) => !isInner(path, folder) });
stdout.write(`${target}\n`);

function copy(file: string): void {
  cpSync(file, join(app, file));
}

/** What `npm pack` would put into the package. */
function packedFiles(): string[] {
  const answer = execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
    encoding: "utf8",
  });
  const [{ files }]: [{ files: { path: string }[] }] = JSON.parse(answer);
  return files.map(({ path }) => path);
}
