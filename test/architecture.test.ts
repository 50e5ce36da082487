import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";

const SRC = fileURLToPath(new URL("../src/", import.meta.url));
/** The port of the store: the interface, and its roles with the types that they take. */
const PORT = "store/port";
const STORE = "store/store.ts";
/** What is noted in a store, in the shape of those who note it. */
const NOTED = "store/noted.ts";

/** The folders and single files of `src/` that each module may import, beside itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  "environment.ts": [],
  "yaml.ts": ["domain", "environment.ts"],
  mapping: ["domain", "yaml.ts"],
  store: ["domain", "private-files.ts"],
  backup: ["domain", PORT, "store/description.ts", "store/rows.ts", "store/tables.ts"],
  check: ["backup", "domain", PORT, "store/rows.ts"],
  inbound: ["domain", "mapping", PORT, STORE],
  outbound: ["domain", PORT, STORE],
  redact: ["domain", "inbound", "mapping"],
  simulate: ["domain"],
  concern: ["domain"],
  alert: ["concern", "domain", PORT, STORE],
  status: ["concern", "domain", "inbound", "outbound", NOTED, PORT, STORE],
  web: ["concern", "domain", "inbound", "parity", PORT, STORE],
  console: [
    "concern",
    "config.ts",
    "domain",
    "inbound",
    "mapping",
    NOTED,
    "outbound",
    "parity",
    PORT,
    "redact",
    STORE,
    "web",
    "yaml.ts",
  ],
  parity: ["domain", "inbound", "mapping", "outbound", PORT],
  config: ["alert", "domain", "inbound", "mapping", "outbound", "parity", "yaml.ts"],
  "config.ts": [
    "alert",
    "config",
    "domain",
    "environment.ts",
    "inbound",
    "mapping",
    "outbound",
    "parity",
    "yaml.ts",
  ],
  log: [],
  "memory.ts": [],
  "private-files.ts": [],
  "retention.ts": ["domain", PORT, STORE],
  "random-pool.ts": [],
  observe: ["alert", "domain", "inbound", "log", "outbound", "retention.ts", "store/warning.ts", "web"],
  trace: ["domain", "environment.ts", "inbound", "outbound", PORT, STORE],
  "runtime.ts": [
    "alert",
    "config.ts",
    "console",
    "domain",
    "inbound",
    "observe",
    "outbound",
    "retention.ts",
    PORT,
    "status",
    STORE,
    "web",
  ],
  "reloader.ts": ["runtime.ts", "config.ts", "domain", "store/watched.ts", PORT, STORE, "yaml.ts"],
  "watching.ts": [
    "alert",
    "concern",
    "config.ts",
    "domain",
    "inbound",
    "observe",
    "runtime.ts",
    "status",
    STORE,
    "version.ts",
  ],
  "app.ts": [
    "watching.ts",
    "config.ts",
    "console",
    "domain",
    "environment.ts",
    "inbound",
    "log",
    "observe",
    "outbound",
    "random-pool.ts",
    "reloader.ts",
    "runtime.ts",
    "store",
    "trace",
    "version.ts",
    "web",
  ],
  cli: [
    "app.ts",
    "backup",
    "check",
    "config.ts",
    "domain",
    "environment.ts",
    "inbound",
    "mapping",
    "memory.ts",
    "outbound",
    "parity",
    "private-files.ts",
    "redact",
    "simulate",
    "store/cursor.ts",
    "store/open.ts",
    "store/rows.ts",
    PORT,
    STORE,
    "version.ts",
    "yaml.ts",
  ],
  "version.ts": [],
  "main.ts": ["cli"],
};

interface Import {
  from: string;
  to: string;
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(SRC, file), "utf8");
  const targets = [...text.matchAll(/(?:from|import\()\s*"(\.[^"]+)"/g)].map(([, path = ""]) => path);
  return targets.map((path) => ({ from: file, to: normalize(join(dirname(file), path)) }));
}

const moduleOf = (file: string) => file.split("/")[0] ?? file;

describe("the import rule", () => {
  const files = globSync("**/*.ts", { cwd: SRC });

  it("gives every file of src/ a module", () => {
    expect(files.map(moduleOf).filter((module) => !(module in MAY_IMPORT))).to.deep.equal([]);
  });

  it("is obeyed by every file", () => {
    const broken = files
      .flatMap(importsOf)
      .filter(({ from, to }) => moduleOf(from) !== moduleOf(to) && !to.startsWith(".."))
      .filter(({ from, to }) => {
        const allowed = MAY_IMPORT[moduleOf(from)] ?? [];
        return ![moduleOf(to), dirname(to), to].some((place) => allowed.includes(place));
      });
    expect(broken.map(({ from, to }) => `${from} imports ${to}`)).to.deep.equal([]);
  });

  it("is what docs/architecture.md shows", () => {
    const page = readFileSync(join(SRC, "../docs/architecture.md"), "utf8");
    const rows = page
      .split("\n## Modules and allowed imports\n")[1]
      ?.matchAll(/^\| `([a-z.-]+)\/?` \| (.+?) \| /gm);
    const shown = [...(rows ?? [])].map(([, module = "", imports = ""]) => {
      const names = imports.replace("the port", `\`${PORT}\`, \`${STORE}\``).matchAll(/`([^`]+)`/g);
      return [module, [...names].map(([, name]) => name).sort()] as const;
    });
    const allowed = Object.entries(MAY_IMPORT).map(([module, imports]) => [module, imports.toSorted()]);
    expect(Object.fromEntries(shown)).to.deep.equal(Object.fromEntries(allowed));
  });

  it("lets no rule read the clock or draw a random number", () => {
    const impure = files
      .filter((file) => !["app.ts", "main.ts", "cli"].includes(moduleOf(file)))
      .filter((file) =>
        /\bDate\.now\(|\bMath\.random\(|\bnew Date\(\)/.test(readFileSync(join(SRC, file), "utf8")),
      );
    expect(impure).to.deep.equal([]);
  });

  it("lets only verify.ts make a verified request", () => {
    const makers = files.filter((file) =>
      /\bas VerifiedRequest\b/.test(readFileSync(join(SRC, file), "utf8")),
    );
    expect(makers).to.deep.equal(["inbound/verify.ts"]);
  });

  it("allows no folder or file that is named after nothing", () => {
    const nameless = /(^|\/)(utils?|helpers?|services?|models?|types?|index)(\.ts|\/)/;
    expect(files.map((file) => relative(".", file)).filter((file) => nameless.test(file))).to.deep.equal([]);
  });
});
