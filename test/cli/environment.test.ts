import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { COMMANDS } from "../../src/cli/commands.ts";
import { aFolder, startBridge, tidy } from "../support/bridge.ts";
import { runCommand } from "./terminal.ts";

const GOOD = "0123456789abcdef0123456789abcdef";

let folder: string;
const put = (name: string, content: string) => {
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
};
const configuration = () =>
  put("countersign.yaml", 'server: { port: "${PORT}" }\nadmin: { token: "${TOKEN}" }\n');
const check = (args: readonly string[], env = {}) => runCommand(["check", ...args], { env });

describe("--env-file", () => {
  beforeEach(() => {
    folder = aFolder();
  });
  afterEach(tidy);

  it("gives the variables that the environment does not set", async () => {
    const config = configuration();
    const file = put(".env", `# for the bridge\nPORT=9001\nexport TOKEN="${GOOD}"\n`);
    const { code, stdout, stderr } = await check(["--config", config, "--env-file", file]);
    expect([code, stderr]).to.deep.equal([0, ""]);
    expect(stdout).to.include("http://0.0.0.0:9001").and.include("bearer token");
    const set = await check(["--config", config, "--env-file", file], { PORT: "9002" });
    expect(set.stdout).to.include("http://0.0.0.0:9002");
  });

  it("may be given several times, and the last file counts", async () => {
    const config = configuration();
    const [one, two] = [put("one", `PORT=1111\nTOKEN=${GOOD}\n`), put("two", "PORT=2222\n")];
    const { stdout } = await check(["--config", config, "--env-file", one, "--env-file", two]);
    expect(stdout).to.include("http://0.0.0.0:2222");
  });

  it("that cannot be read is named, and nothing is done", async () => {
    const config = configuration();
    const { code, stdout, stderr } = await check(["--config", config, "--env-file", join(folder, "none")]);
    expect([code, stdout]).to.deep.equal([1, ""]);
    expect(stderr).to.match(/^countersign: --env-file: .*none cannot be read \(ENOENT/);
  });

  it("may name the configuration, as COUNTERSIGN_CONFIG does in the environment; --config goes first", async () => {
    const config = configuration();
    const env = { COUNTERSIGN_CONFIG: config, PORT: "9003", TOKEN: GOOD };
    expect((await check([], env)).stdout).to.include(`${config} is good`);
    const file = put(".env", `COUNTERSIGN_CONFIG=${config}\nPORT=9003\nTOKEN=${GOOD}\n`);
    expect((await check(["--env-file", file])).stdout).to.include(`${config} is good`);
    const other = put("other.yaml", "{}");
    expect((await check(["--config", other], env)).stdout).to.include(`${other} is good`);
  });

  it("is an option of every command that takes something from the environment", async () => {
    for (const { name, arguments: operands = "", isSelfContained } of COMMANDS) {
      // `store check`: a word without brackets is a subcommand.
      const args = [name, ...(/^[a-z]+/.exec(operands) ?? []), "--help"];
      const { stdout } = await runCommand(args);
      expect(stdout.includes("--env-file <file>"), name).to.equal(isSelfContained !== true);
    }
  });

  it("leads a command to the running bridge", async () => {
    const bridge = await startBridge(
      `admin: { port: 0, token: ${GOOD} }\nserver: { host: 127.0.0.1, port: 0 }\n`,
    );
    const config = put("countersign.yaml", 'admin: { port: "${ADMIN_PORT}", token: "${TOKEN}" }');
    const file = put(".env", `ADMIN_PORT=${new URL(bridge.adminUrl).port}\nTOKEN=${GOOD}\n`);
    const { code, stdout } = await runCommand(["status", "--config", config, "--env-file", file]);
    expect([code, stdout]).to.deep.equal([0, "Nothing needs a person.\n"]);
  });
});
