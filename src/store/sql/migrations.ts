import { readdirSync, readFileSync } from "node:fs";
import { CountersignError } from "../../domain/errors.ts";

export interface Migration {
  version: number;
  sql: string;
}

/**
 * The migrations that a database of schema `current` lacks, oldest first. Their files are in `folder`, named
 * by version. A database of a newer schema is refused: an older program could not keep its promises.
 *
 * @param place What messages call the database.
 * @param other What to give `store` instead: "file", "database".
 * @throws CountersignError `cannot_start` when the schema is newer.
 */
export function missingMigrations(
  folder: URL,
  current: number,
  { place, other }: { place: string; other: string },
): readonly Migration[] {
  const migrations = readMigrations(folder);
  const newest = migrations.at(-1)?.version ?? 0;
  if (current > newest) {
    throw new CountersignError(
      "cannot_start",
      `the store ${place} was written by a newer Countersign ` +
        `(schema ${current}, this one knows ${newest}): run that version, or give \`store\` another ${other}`,
    );
  }
  return migrations.filter(({ version }) => version > current);
}

function readMigrations(folder: URL): readonly Migration[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".sql"))
    .sort()
    .map((name) => ({
      version: Number.parseInt(name, 10),
      sql: readFileSync(new URL(name, folder), "utf8").trim().replace(/;$/, ""),
    }));
}
