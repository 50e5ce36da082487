import { existsSync, readFileSync } from "node:fs";

/** A package that `npm ci --omit=dev` would install. */
export interface ProductionPackage {
  /** Such as `node_modules/koa`. */
  folder: string;
  /** Such as `koa@3.3.0`. */
  id: string;
}

interface Locked {
  version: string;
  dev?: true;
  optional?: true;
}

/** As the lockfile has them; an optional one that is not installed is left out. */
export function productionPackages(): ProductionPackage[] {
  const { packages }: { packages: Record<string, Locked> } = JSON.parse(
    readFileSync("package-lock.json", "utf8"),
  );
  return Object.entries(packages).flatMap(([folder, { version, dev, optional }]) => {
    if (folder === "" || dev || (optional && !existsSync(folder))) return [];
    return [{ folder, id: `${folder.split("node_modules/").at(-1)}@${version}` }];
  });
}
