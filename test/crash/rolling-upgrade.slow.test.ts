import { cpSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import pg from "pg";
import { VERSION } from "../../src/version.ts";
import { aFolder, tidy } from "../support/bridge.ts";
import { type PostgresServer, postgresServer } from "../support/postgres-server.ts";
import { SEED } from "./seed.ts";
import { createWorld, type World } from "./world.ts";

/**
 * A rolling upgrade. The old version is this one; the next one is a copy of it with one migration more,
 * which adds what a migration may add. So the test shows that nodes of this version go on beside a newer
 * schema, for as long as migrations only add.
 */

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const NEXT = "99.0.0";
/** Posts that are taken before and after each step. */
const SOME = 60;

const ADDITIONS = `
alter table events     add column of_next text;
alter table deliveries add column of_next integer not null default 0;
alter table documents  add column of_next jsonb;
alter table receipts   add column of_next text not null default '';
create table of_next (id bigint primary key, at bigint not null default 0);
create index deliveries_of_next on deliveries (of_next) where of_next > 0;
`;

interface NextVersion {
  program: string;
  schema: number;
}

/** The next version, in a folder of its own. */
function makeNextVersion(): NextVersion {
  const folder = aFolder();
  cpSync(join(ROOT, "src"), join(folder, "src"), { recursive: true });
  for (const name of ["node_modules", "mappings"]) symlinkSync(join(ROOT, name), join(folder, name));
  const description = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ ...description, version: NEXT }));
  const migrations = join(folder, "src/store/postgres/migrations");
  const schema = Math.max(...readdirSync(migrations).map((file) => Number.parseInt(file, 10))) + 1;
  writeFileSync(join(migrations, `${String(schema).padStart(4, "0")}_next.sql`), ADDITIONS);
  return { program: join(folder, "src/main.ts"), schema };
}

describe("two nodes on one PostgreSQL, upgraded one after the other under load", function () {
  this.timeout(300_000);
  let server: PostgresServer;
  let world: World | undefined;

  before(async function () {
    server = await postgresServer().catch(() => this.skip());
  });
  afterEach(async () => {
    await world?.close();
    await tidy();
  });

  /** Upgrades one node after the other; resolves with the versions after each step, and what came of it. */
  async function upgrade(store: string, programs: { old?: string; next?: string }) {
    world = await createWorld({
      ...{ store, nodes: 2, seed: `rolling upgrade ${SEED}`, connections: 8 },
      launch: programs.old === undefined ? {} : { program: programs.old },
    });
    const { nodes, load, afterTaken } = world;
    /** Resolves when this many more posts were answered with 200. */
    const taken = (count: number) => new Promise<void>((resolve) => void afterTaken(count, resolve));
    const versions = () => Promise.all(nodes.map(({ adminUrl }) => versionAt(adminUrl)));
    load.allow(100_000);
    await world.start();
    await taken(SOME);
    const steps = [await versions()];
    for (const node of nodes) {
      await node.running?.stop();
      await taken(SOME);
      const isReady = await node.start(programs.next === undefined ? {} : { program: programs.next }).ready;
      expect(isReady, node.deaths.join()).to.equal(true);
      await taken(SOME);
      steps.push(await versions());
    }
    const verdict = await world.finish();
    expect(verdict).to.include({ lost: 0, twice: 0, disordered: 0, stuck: 0 });
    expect(verdict.taken).to.be.at.least(5 * SOME);
    expect(verdict.arrivals).to.equal(verdict.deliveries + verdict.repeats);
    return { steps, verdict };
  }

  it("lose nothing, make nothing twice and keep the order, also while both versions run", async () => {
    const store = await server.newSchema();
    const next = makeNextVersion();
    const { steps, verdict } = await upgrade(store, { next: next.program });
    expect(steps).to.deep.equal([
      [VERSION, VERSION],
      [NEXT, VERSION],
      [NEXT, NEXT],
    ]);
    expect(verdict.complaints).to.deep.equal([]);
    expect(await schemaOf(store)).to.equal(next.schema);
  });

  it("do the same from the version that UPGRADE_FROM names, which may have kept fewer counts", async function () {
    const old = process.env.UPGRADE_FROM;
    if (old === undefined) this.skip();
    const { steps } = await upgrade(await server.newSchema(), { old });
    expect(steps.at(-1)).to.deep.equal([VERSION, VERSION]);
  });
});

async function versionAt(adminUrl: string): Promise<string | undefined> {
  const text = await (await fetch(`${adminUrl}/metrics`)).text();
  return /^countersign_build_info\{version="([^"]+)"\}/m.exec(text)?.[1];
}

async function schemaOf(url: string): Promise<number> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query("select version from countersign_schema");
  await client.end();
  return rows[0].version;
}
