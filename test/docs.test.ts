import { existsSync, globSync, readFileSync, writeFileSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { expect } from "chai";
import { preview } from "../src/inbound/preview.ts";
import type { Mapping } from "../src/mapping/compile.ts";
import { parseMapping } from "../src/mapping/load.ts";
import { runCommand } from "./cli/terminal.ts";

const ROOT = new URL("../", import.meta.url);
const read = (file: string) => readFileSync(new URL(file, ROOT), "utf8");
const COLUMNS = 100;

interface Block {
  language: string;
  text: string;
}

/** The fenced blocks of a Markdown text, in order. */
function blocksOf(markdown: string): Block[] {
  return [...markdown.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language = "", text = ""]) => ({
    language,
    text,
  }));
}

/** The text under a heading of the second level, up to the next. */
function sectionOf(markdown: string, heading: string): string {
  const [, section] = markdown.split(`\n## ${heading}\n`);
  if (section === undefined) throw new Error(`there is no section "${heading}"`);
  return section.split("\n## ")[0] ?? "";
}

/** The first such block, or the one at `index`. */
function blockOf(markdown: string, language: string, index = 0): string {
  const block = blocksOf(markdown).filter((one) => one.language === language)[index];
  if (!block) throw new Error(`there is no ${language} block ${index}`);
  return block.text;
}

function mappingOf(yaml: string, name: string): Mapping {
  const { mapping, problems } = parseMapping(yaml, `${name}.yaml`, name);
  expect(problems).to.deep.equal([]);
  if (!mapping) throw new Error("there is no mapping");
  return mapping;
}

/** The events of a post, for each item with type, document and signer, and the problems. */
function turn(mapping: Mapping, channel: string, post: string) {
  const rules = mapping.channels.get(channel);
  if (!rules) throw new Error(`there is no channel ${channel}`);
  const { items, problems } = preview({ mapping, rules, body: Buffer.from(post), query: "" });
  const reported = items.map(({ events }) =>
    events.map(({ type, document, signer }) => [type, document?.id ?? null, signer?.id ?? null].join(" ")),
  );
  return { reported, problems, events: items.flatMap(({ events }) => events) };
}

describe("docs/mappings.md", () => {
  const text = read("docs/mappings.md");
  const tutorial = sectionOf(text, "Add a provider in ten minutes");
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "countersign-docs-"));
    await mkdir(join(folder, "mappings"));
    writeFileSync(join(folder, "mappings", "penwright.yaml"), blockOf(tutorial, "yaml"));
    writeFileSync(join(folder, "captured.json"), blockOf(tutorial, "json"));
  });
  after(() => rm(folder, { recursive: true }));

  it("shows a provider that loads, and reads the captured post as it says", () => {
    const mapping = mappingOf(blockOf(tutorial, "yaml"), "penwright");
    const { reported, problems, events } = turn(mapping, "events", blockOf(tutorial, "json"));
    expect(problems).to.deep.equal([]);
    expect(reported).to.deep.equal([
      ["signer.signed env-7 p-1"],
      [],
      ["document.completed env-7 ", "document.downloadable env-7 "],
      ["unknown env-7 "],
    ]);
    expect(events[0]?.document).to.deep.include({ title: "Lease", tags: ["crm-4711"] });
    expect(events[0]?.signer).to.deep.include({ name: "Ada Byron", email: "ada@example.com" });
  });

  const further = sectionOf(text, "A provider with more to say");

  it("shows a longer provider that loads, and reads a post as it says", () => {
    const mapping = mappingOf(blockOf(further, "yaml"), "quillbox");
    const { reported, problems, events } = turn(mapping, "events", blockOf(further, "json"));
    expect(problems).to.deep.equal([]);
    expect(reported).to.deep.equal([["signer.signed env-7 p-1"], []]);
    const [event] = events;
    expect(event?.time).to.equal("2026-07-02T09:14:00.000Z");
    expect(event?.document).to.deep.include({ title: "Lease", tags: ["crm-4711"] });
    expect(event?.signers.map(({ id, name, status }) => [id, name, status])).to.deep.equal([
      ["p-1", "Ada Byron", "signed"],
      ["p-3", "Bo, Acme", null],
    ]);
  });

  const answers = sectionOf(text, "`answer` and `challenge`: what does the provider want to hear?");

  it("shows challenges and an answer that load", () => {
    const rest =
      "provider: a\ntitle: A\ntables: { t: {} }\nevent: { word: { from: a, table: t } }\n" +
      "channels: { main: { title: Main } }";
    const rules = mappingOf(`${blockOf(answers, "yaml")}${rest}`, "a").channels.get("main");
    expect(rules?.challenges.map(({ methods }) => methods)).to.deep.equal([["GET"], ["OPTIONS"], ["POST"]]);
    expect(rules?.answer?.headers?.map(([name]) => name)).to.deep.equal(["x-client-id"]);
  });

  it("shows lines of configuration that switch this provider on", async () => {
    const file = join(folder, "countersign.yaml");
    writeFileSync(file, blockOf(tutorial, "yaml", 1));
    const { code, stdout, stderr } = await runCommand(["check", "--config", file], {
      env: { PENWRIGHT_SECRET: "k" },
    });
    expect([code, stderr]).to.deep.equal([0, ""]);
    expect(stdout).to.include("penwright / events (Event webhook)").and.include("checked by hmac;");
    const [, path] = /^ +POST (\S+)$/m.exec(stdout) ?? [];
    expect(tutorial).to.include(`must post: \`${path}\``);
  });

  const commands = blocksOf(text).filter(({ language }) => language === "console");
  for (const { text: shown } of commands) {
    const [command = "", ...output] = shown.split("\n");
    it(`shows what the command prints: ${command.slice(2, 90)}`, async () => {
      const args = command.replace("$ npx countersign ", "").split(" ");
      const here = args.map((arg) => (arg === "captured.json" ? join(folder, arg) : arg));
      const { code, stdout, stderr } = await runCommand([
        ...here,
        "--config",
        join(folder, "countersign.yaml"),
      ]);
      expect([code, stderr]).to.deep.equal([0, ""]);
      expect(stdout.replace(join(folder, "/"), "").trimEnd()).to.equal(output.join("\n").trimEnd());
    });
  }

  it("quotes the shipped mappings line by line", () => {
    const shipped = `${read("mappings/lumin.yaml")}${read("mappings/legalesign.yaml")}`.split("\n");
    const known = new Set(shipped.map((line) => line.trim()));
    const quoted = blocksOf(text.replace(tutorial, "").replace(further, "").replace(answers, "")).filter(
      ({ language }) => language === "yaml",
    );
    expect(quoted).not.to.have.length(0);
    const stale = quoted.flatMap((block) => block.text.split("\n")).filter((line) => !known.has(line.trim()));
    expect(stale).to.deep.equal([]);
  });
});

describe("README.md", () => {
  it("shows a provider that loads, and reads a post with the fields that it names", () => {
    const mapping = mappingOf(blockOf(sectionOf(read("README.md"), "Add a provider"), "yaml"), "acme");
    const doc = { id: "d-1", name: "Lease" };
    const at = "2026-03-02T09:14:00Z";
    const events = ["finished", "refused", "ping", "other"].map((what) => ({ what, at, doc }));
    const { reported, problems } = turn(mapping, "main", JSON.stringify({ payload: { events } }));
    expect(problems).to.deep.equal([]);
    expect(reported).to.deep.equal([
      ["document.completed d-1 "],
      ["signer.declined d-1 ", "document.declined d-1 "],
      [],
      ["unknown d-1 "],
    ]);
  });
});

describe("the README's excerpt of the demo", () => {
  it("consists of lines that the demo prints, in their order", async () => {
    const { code, stdout } = await runCommand(["demo"]);
    expect(code).to.equal(0);
    const printed = stripVTControlCharacters(stdout).split("\n");
    const shown = blockOf(read("README.md"), "text")
      .split("\n")
      .filter((line) => line !== "");
    const missing = shown.filter((line) => {
      const place = printed.indexOf(line);
      if (place >= 0) printed.splice(0, place + 1);
      return place < 0;
    });
    expect(shown).not.to.have.length(0);
    expect(missing).to.deep.equal([]);
  }).timeout(40_000);
});

describe("the README's table of providers", () => {
  const [, , ...rows] = sectionOf(read("README.md"), "Point your providers at it")
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .map((line) => line.split("|").map((cell) => cell.trim()));

  it("has a line for each shipped channel, with its URL and required settings", async () => {
    const { stdout } = await runCommand(["providers", "--json"]);
    const providers: { provider: string; channels: { name: string; needs: string[] }[] }[] =
      JSON.parse(stdout);
    const channels = providers.flatMap(({ provider, channels }) =>
      channels.map(({ name, needs }) => ({ path: `/in/${provider}/${name}`, needs })),
    );
    const shown = new Map(
      rows.map(([, , , url = "", configuration = ""]) => [pathOf(url), { url, configuration }]),
    );
    expect([...shown.keys()]).to.have.members(channels.map(({ path }) => path));
    expect(rows).to.have.length(channels.length);
    for (const { path, needs } of channels) {
      const { url, configuration } = shown.get(path) ?? {};
      for (const key of needs) expect(configuration, path).to.include(`\`${key}\``);
      if (needs.includes("token")) expect(url, path).to.include(`${path}?token=…`);
    }
  });

  it("is sorted by provider", () => {
    const names = rows.map(([, name = ""]) => name);
    expect(names).to.deep.equal(names.toSorted((one, other) => one.localeCompare(other, "en")));
  });

  const pathOf = (url: string) => /\/in\/[a-z0-9-]+\/[a-z0-9-]+/.exec(url)?.[0] ?? url;
});

const PAGES = globSync("**/*.md", {
  cwd: fileURLToPath(ROOT),
  exclude: ["node_modules/**", ".git/**"],
}).sort();

describe("the links of the documentation", () => {
  for (const page of PAGES) {
    it(`lead to existing files and headings: ${page}`, () => {
      const targets = [...read(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);
      const relative = targets.filter((target) => !/^[a-z][a-z0-9+.-]*:/i.test(target));
      expect(relative.filter((target) => !leadsSomewhere(target, page))).to.deep.equal([]);
    });
  }
});

describe("the files that the documentation names", () => {
  for (const page of PAGES.filter((page) => page !== "CHANGELOG.md")) {
    it(`exist: ${page}`, () => {
      const named = [...read(page).matchAll(/`((?:src|test|scripts|docs|examples|bench)\/[\w./-]+)`/g)];
      const missing = named.map(([, path = ""]) => path).filter((path) => !existsSync(new URL(path, ROOT)));
      expect(missing).to.deep.equal([]);
    });
  }
});

describe("the commands of the documentation", () => {
  let known: ReadonlySet<string>;
  before(async () => {
    const { stdout } = await runCommand(["--help"]);
    known = new Set([...stdout.matchAll(/^ {2}([a-z]+)\b/gm)].map(([, name = ""]) => name));
  });

  for (const page of PAGES) {
    it(`are known to the program: ${page}`, () => {
      const named = [...read(page).matchAll(/(?:`|\$ (?:npx )?)countersign ([a-z]+)/g)];
      expect(named.map(([, name = ""]) => name).filter((name) => !known.has(name))).to.deep.equal([]);
    });
  }
});

describe("the prose of the documentation", () => {
  for (const page of PAGES) {
    it(`wraps at ${COLUMNS} columns: ${page}`, () => {
      expect(proseOf(read(page)).filter((line) => widthOf(line) > COLUMNS)).to.deep.equal([]);
    });
  }

  it("may be wider only in tables and blocks", () => {
    const wide = "word ".repeat(30).trim();
    const block = `\`\`\`js\n${wide}\n\`\`\``;
    const page = `# Title\n\n${wide}\n- ${wide}\n\n| ${wide} |\n\n${block}\n\n[${wide}](a)\n`;
    const found = proseOf(page).filter((line) => widthOf(line) > COLUMNS);
    expect(found.map((line) => line.slice(0, 6))).to.deep.equal(["word w", "- word", "[word "]);
  });
});

/** The lines that are neither in a block of code nor of a table. */
const proseOf = (markdown: string) =>
  markdown
    .replaceAll(/^ *```.*?^ *```$/gms, "")
    .split("\n")
    .filter((line) => !line.startsWith("|"));

/** Columns of a line as it is read: an address behind a link's text takes none. */
const widthOf = (line: string) => [...line.replaceAll(/\]\([^)\s]+\)/g, "]")].length;

/** Whether the file is there, and where the link names a heading, the heading too. */
function leadsSomewhere(target: string, page: string): boolean {
  const [path = "", anchor] = target.split("#");
  const file = path === "" ? new URL(page, ROOT) : new URL(path, new URL(page, ROOT));
  if (!existsSync(fileURLToPath(file))) return false;
  return anchor === undefined || anchorsOf(readFileSync(file, "utf8")).includes(anchor);
}

/** As GitHub names headings. */
function anchorsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}
