import { globSync } from "node:fs";
import { expect } from "chai";
import { COMMANDS } from "../../src/cli/commands.ts";
import { parseConfig } from "../../src/config.ts";
import { execFormOf, instructionOf, pathOf, read, type Stage, stagesOf } from "./files.ts";

const STAGES = stagesOf(read("Dockerfile"));
const stage = (name: string): Stage => {
  const found = STAGES.find((one) => one.name === name);
  if (!found) throw new Error(`there is no stage ${name}`);
  return found;
};
const { bin, version, license } = JSON.parse(read("package.json"));

describe("the Dockerfile", () => {
  it("compiles in one stage, and the last one is distroless and has nothing of npm", () => {
    expect(STAGES.map(({ name }) => name)).to.deep.equal(["build", "slim", "distroless"]);
    expect(stage("distroless").base).to.equal("gcr.io/distroless/nodejs24-debian13:nonroot");
    for (const name of ["slim", "distroless"])
      expect(stage(name).instructions.map((one) => one.name)).not.to.include("RUN");
  });

  it("takes no base of a tag that says nothing", () => {
    for (const { base } of STAGES)
      expect(base)
        .to.match(/:[\w.-]+$/)
        .and.not.match(/:latest$/);
  });

  it("builds with the Node that the development dependencies have", () => {
    const { devDependencies } = JSON.parse(read("package.json"));
    expect(stage("build").base).to.include(`node:${devDependencies.node}-`);
  });

  it("runs nothing as root, in no stage", () => {
    expect(stage("build").instructions[0]).to.deep.equal({ name: "USER", rest: "node" });
    for (const name of ["slim", "distroless"]) {
      const users = stage(name).instructions.filter((one) => one.name === "USER");
      expect(stage(name).instructions[0]).to.deep.equal({ name: "USER", rest: "65532:65532" });
      expect(users).to.have.length(1);
    }
  });

  for (const [name, node] of [
    ["slim", "/usr/local/bin/node"],
    ["distroless", "/nodejs/bin/node"],
  ] as const) {
    it(`starts the program of the package, serving, in ${name}`, () => {
      const program = `/app/${bin.countersign}`;
      expect(execFormOf(stage(name), "ENTRYPOINT")).to.deep.equal([node, program]);
      expect(execFormOf(stage(name), "CMD")).to.deep.equal(["serve"]);
      expect(execFormOf(stage(name), "HEALTHCHECK")).to.deep.equal([node, program, "healthcheck"]);
      const commands = COMMANDS.map((one) => one.name);
      expect(commands).to.include("serve").and.include("healthcheck");
    });

    it(`leaves the health check of ${name} more time than the command takes`, () => {
      const [, seconds] = /--timeout=(\d+)s/.exec(instructionOf(stage(name), "HEALTHCHECK")) ?? [];
      expect(Number(seconds)).to.be.above(2);
    });

    it(`exposes the default ports, and keeps data in /data, in ${name}`, async () => {
      const { config } = await parseConfig("{}", "c.yaml", {});
      expect(instructionOf(stage(name), "EXPOSE")).to.equal(`${config?.server.port} ${config?.admin.port}`);
      expect(instructionOf(stage(name), "VOLUME")).to.equal("/data");
      expect(instructionOf(stage(name), "STOPSIGNAL")).to.equal("SIGTERM");
      expect(instructionOf(stage(name), "ENV")).to.equal(
        "NODE_ENV=production COUNTERSIGN_CONFIG=/etc/countersign/countersign.yaml",
      );
    });

    it(`lets the user of ${name} write to /data only`, () => {
      const copies = stage(name)
        .instructions.filter((one) => one.name === "COPY")
        .map((one) => one.rest);
      expect(copies).to.deep.equal([
        "--from=build --chown=0:0 /home/node/image/app /app",
        "--from=build --chown=65532:65532 /home/node/image/data /data",
      ]);
    });
  }

  it("says what the image is, in labels of the package's version and licence", () => {
    const labels = Object.fromEntries(
      [
        ...instructionOf(stage("distroless"), "LABEL").matchAll(
          /org\.opencontainers\.image\.([\w.]+)="([^"]*)"/g,
        ),
      ].map(([, key, value]) => [key, value]),
    );
    expect(labels).to.include({ title: "Countersign", licenses: license, version: "${VERSION}" });
    expect(read("Dockerfile")).to.include(`\nARG VERSION=${version}\n`);
  });

  it("assembles the image by the script that the tests run", () => {
    const steps = stage("build")
      .instructions.filter((one) => one.name === "RUN")
      .map((one) => one.rest);
    expect(steps.at(-1)).to.equal("npm run build && node scripts/image-tree.ts /home/node/image");
    expect(steps).to.include("npm ci --ignore-scripts --no-audit --no-fund");
  });
});

describe(".dockerignore", () => {
  const lines = read(".dockerignore")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));

  it("keeps everything out but what is named", () => {
    expect(lines[0]).to.equal("*");
    expect(lines).to.include("**/.env");
  });

  it("lets in what the build and the package need", () => {
    const { files } = JSON.parse(read("package.json"));
    const needed = [
      ...files.filter((file: string) => file !== "dist"),
      ...["package.json", "package-lock.json", ".npmrc", "tsconfig.json", "tsconfig.build.json"],
      ...["src", "scripts", "examples", "README.md", "LICENSE"],
    ];
    expect(lines.filter((line) => line.startsWith("!")).map((line) => line.slice(1))).to.have.members(needed);
    for (const file of needed) expect(globSync(pathOf(file)), file).to.have.length(1);
  });
});
