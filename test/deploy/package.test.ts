import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { globSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { licenceProblems, vulnerabilitiesIn } from "../../scripts/audit.ts";
import { aFolder, tidy } from "../support/bridge.ts";
import { pathOf, read } from "./files.ts";

const cwd = pathOf(".");
const { name, version, dependencies } = JSON.parse(read("package.json"));

describe("the package", () => {
  it("holds the compiled program, its migrations, mappings and schemas, a few texts, and nothing else", () => {
    const args = ["pack", "--dry-run", "--json", "--ignore-scripts"];
    const [{ files }]: [{ files: { path: string }[] }] = JSON.parse(
      execFileSync("npm", args, { cwd }).toString(),
    );
    const compiled = globSync("src/**/*.ts", { cwd }).map((file) =>
      file.replace("src/", "dist/").replace(/ts$/, "js"),
    );
    const copied = ["src/store/*/migrations/*.sql", "src/console/assets/*"].flatMap((pattern) =>
      globSync(pattern, { cwd }).map((file) => file.replace("src/", "dist/")),
    );
    expect(files.map(({ path }) => path)).to.have.members([
      ...["CHANGELOG.md", "LICENSE", "README.md", "countersign.example.yaml", "package.json"],
      ...[...globSync("mappings/*.yaml", { cwd }), ...globSync("schemas/*.json", { cwd })],
      ...[...compiled, ...copied],
    ]);
  });
});

describe("the files of a release", () => {
  let folder: string;
  before(() => {
    folder = aFolder();
    execFileSync(process.execPath, ["scripts/release-files.ts", folder], { cwd });
  });
  after(tidy);

  it("are the package, a list of what it needs, and checksums that fit", () => {
    const files = [`${name}-${version}.tgz`, `${name}-${version}.cdx.json`];
    expect(readdirSync(folder)).to.have.members([...files, "SHA256SUMS"]);
    const sums = files.map((file) => {
      const hash = createHash("sha256").update(readFileSync(join(folder, file)));
      return `${hash.digest("hex")}  ${file}\n`;
    });
    expect(readFileSync(join(folder, "SHA256SUMS"), "utf8")).to.equal(sums.join(""));
  });

  it("list every dependency with version, hash and licence, and nothing of the development", () => {
    const { bomFormat, metadata, components } = JSON.parse(
      readFileSync(join(folder, `${name}-${version}.cdx.json`), "utf8"),
    );
    expect([bomFormat, metadata.component.name, metadata.component.version]).to.deep.equal([
      ...["CycloneDX", name, version],
    ]);
    const names: string[] = components.map((one: { name: string }) => one.name);
    expect(names).to.include.members(Object.keys(dependencies));
    expect(names).not.to.include("mocha").and.not.include("typescript");
    for (const one of components) expect(one, one.name).to.include.keys("version", "hashes", "licenses");
    expect(licenceProblems(components)).to.deep.equal([]);
  });
});

describe("the audit", () => {
  const one = (...licenses: object[]) => [{ name: "a", version: "1.0.0", licenses: licenses as never }];

  it("finds packages without an allowed licence", () => {
    expect(licenceProblems(one({ license: { id: "MIT" } }))).to.deep.equal([]);
    expect(licenceProblems(one({ expression: "(MIT OR GPL-3.0-only)" }))).to.deep.equal([]);
    expect(licenceProblems(one({ expression: "MIT AND GPL-3.0-only" }))).to.deep.equal([
      "a 1.0.0: MIT AND GPL-3.0-only",
    ]);
    expect(licenceProblems(one({ license: { id: "AGPL-3.0-only" } }))).to.deep.equal([
      "a 1.0.0: AGPL-3.0-only",
    ]);
    expect(licenceProblems(one({ license: { name: "SEE LICENSE IN x" } }))).to.have.length(1);
    expect(licenceProblems(one())).to.deep.equal(["a 1.0.0: no licence"]);
  });

  it("tells known vulnerabilities from a registry that does not answer", () => {
    const found = { vulnerabilities: { a: { name: "a", severity: "high", range: "<2" } } };
    expect(vulnerabilitiesIn(JSON.stringify(found))).to.deep.equal(["a <2: high"]);
    expect(vulnerabilitiesIn('{"vulnerabilities":{}}')).to.deep.equal([]);
    expect(vulnerabilitiesIn('{"message":"405 Method Not Allowed","statusCode":405}')).to.equal(null);
    expect(vulnerabilitiesIn("")).to.equal(null);
  });
});
