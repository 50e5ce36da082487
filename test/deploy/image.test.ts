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

const NODE = "/nodejs/bin/node";
const IMAGE = stage("image");

describe("the Dockerfile", () => {
  it("compiles in one stage, and makes the image of another, which is distroless unless told otherwise", () => {
    expect(STAGES.map(({ name }) => name)).to.deep.equal(["build", "distroless", "slim", "image"]);
    expect(stage("distroless")).to.deep.include({
      ...{ base: "gcr.io/distroless/nodejs24-debian13:nonroot", instructions: [] },
    });
    expect([stage("slim").base, IMAGE.base]).to.deep.equal([stage("build").base, "distroless"]);
    expect(IMAGE.instructions.map((one) => one.name)).not.to.include("RUN");
  });

  it("takes no base of a tag that says nothing", () => {
    for (const name of ["build", "distroless", "slim"])
      expect(stage(name).base)
        .to.match(/:[\w.-]+$/)
        .and.not.match(/:latest$/);
  });

  it("builds with the Node that the development dependencies have", () => {
    const { devDependencies } = JSON.parse(read("package.json"));
    expect(stage("build").base).to.include(`node:${devDependencies.node}-`);
  });

  it("runs nothing as root, in no stage", () => {
    const usersOf = (name: string) => stage(name).instructions.filter((one) => one.name === "USER");
    expect(stage("build").instructions[0]).to.deep.equal({ name: "USER", rest: "node" });
    expect(IMAGE.instructions[0]).to.deep.equal({ name: "USER", rest: "65532:65532" });
    expect(["build", "distroless", "slim", "image"].map((name) => usersOf(name).length)).to.deep.equal([
      1, 0, 0, 1,
    ]);
    expect(stage("slim").instructions.map(({ name }) => name)).to.deep.equal(["COPY"]);
  });

  it("starts the program of the package, serving, with the Node of both bases", () => {
    const program = `/app/${bin.countersign}`;
    expect(execFormOf(IMAGE, "ENTRYPOINT")).to.deep.equal([NODE, program]);
    expect(execFormOf(IMAGE, "CMD")).to.deep.equal(["serve"]);
    expect(execFormOf(IMAGE, "HEALTHCHECK")).to.deep.equal([NODE, program, "healthcheck"]);
    expect(COMMANDS.map((one) => one.name))
      .to.include("serve")
      .and.include("healthcheck");
    expect(instructionOf(stage("slim"), "COPY")).to.equal("--from=build /home/node/slim /");
    const steps = stage("build").instructions.map(({ rest }) => rest);
    expect(steps.join("\n")).to.include(`ln -s /usr/local/bin/node /home/node/slim${NODE}`);
  });

  it("leaves the health check more time than the command takes", () => {
    const [, seconds] = /--timeout=(\d+)s/.exec(instructionOf(IMAGE, "HEALTHCHECK")) ?? [];
    expect(Number(seconds)).to.be.above(2);
  });

  it("exposes the default ports, and keeps data in /data", async () => {
    const { config } = await parseConfig("{}", "c.yaml", {});
    expect(instructionOf(IMAGE, "EXPOSE")).to.equal(`${config?.server.port} ${config?.admin.port}`);
    expect(instructionOf(IMAGE, "VOLUME")).to.equal("/data");
    expect(instructionOf(IMAGE, "STOPSIGNAL")).to.equal("SIGTERM");
    expect(instructionOf(IMAGE, "ENV")).to.equal(
      "NODE_ENV=production COUNTERSIGN_CONFIG=/etc/countersign/countersign.yaml",
    );
  });

  it("lets its user write to /data only", () => {
    const copies = IMAGE.instructions.filter((one) => one.name === "COPY").map((one) => one.rest);
    expect(copies).to.deep.equal([
      "--from=build --chown=0:0 /home/node/image/app /app",
      "--from=build --chown=65532:65532 /home/node/image/data /data",
    ]);
  });

  it("says what the image is, in labels of the package's version and licence", () => {
    const labels = Object.fromEntries(
      [...instructionOf(IMAGE, "LABEL").matchAll(/org\.opencontainers\.image\.([\w.]+)="([^"]*)"/g)].map(
        ([, key, value]) => [key, value],
      ),
    );
    expect(labels).to.include({ title: "Countersign", licenses: license, version: "${VERSION}" });
    expect(read("Dockerfile")).to.include(`\nARG VERSION=${version}\n`);
  });

  it("assembles the image by the script that the tests run", () => {
    const steps = stage("build")
      .instructions.filter((one) => one.name === "RUN")
      .map((one) => one.rest);
    expect(steps).to.include("npm run build && node scripts/image-tree.ts /home/node/image");
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
