import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { expect } from "chai";
import { loadConfig } from "../../src/config.ts";
import { aFolder, startBridge, startReceiver, tidy } from "../support/bridge.ts";
import { runCommand } from "./terminal.ts";

let folder: string;
const init = (args: readonly string[], input?: string) =>
  runCommand(["init", "--to", folder, ...args], input === undefined ? {} : { input });
const text = (file: string) => readFileSync(join(folder, file), "utf8");
const variables = () => parseEnv(text(".env")) as Record<string, string>;
async function loaded() {
  const { config, problems, warnings } = await loadConfig(join(folder, "countersign.yaml"), variables());
  expect(problems).to.deep.equal([]);
  expect(warnings).to.deep.equal([]);
  if (!config) throw new Error("there is no configuration");
  return config;
}
const channelsOf = async () => (await loaded()).channels.map(({ source, name }) => `${source}/${name}`);
const written = () => readdirSync(folder);

describe("countersign init", () => {
  beforeEach(() => {
    folder = join(aFolder(), "new");
  });
  afterEach(tidy);

  const BOTH = [
    "--provider",
    "lumin",
    "--provider",
    "legalesign",
    "--destination",
    "https://crm.internal/hook",
  ];

  it("writes from options a configuration that is good at once, with fresh secrets that only its owner reads", async () => {
    const { code, stderr } = await init(BOTH);
    expect([code, stderr]).to.deep.equal([0, ""]);
    expect(written()).to.have.members(["countersign.yaml", ".env"]);
    expect(statSync(join(folder, ".env")).mode & 0o777).to.equal(0o600);
    expect(await channelsOf()).to.deep.equal([
      ...["lumin/account", "lumin/app", "legalesign/upon", "legalesign/batch", "legalesign/realtime"],
    ]);
    const { destinations, admin } = await loaded();
    expect(destinations.map(({ name, url }) => [name, url])).to.deep.equal([
      ["crm", "https://crm.internal/hook"],
    ]);
    const first = variables();
    expect(admin.token).to.equal(first.COUNTERSIGN_ADMIN_TOKEN);
    for (const value of Object.values(first)) expect(text("countersign.yaml")).not.to.include(value);

    folder = join(aFolder(), "other");
    await init(BOTH);
    const second = variables();
    expect(Object.keys(second)).to.deep.equal(Object.keys(first));
    for (const [name, value] of Object.entries(second)) expect(value, name).not.to.equal(first[name]);
  });

  it("writes no key that has its default", async () => {
    await init(BOTH);
    const keys = [...text("countersign.yaml").matchAll(/^(\w+):/gm)].map(([, key]) => key);
    expect(keys).to.deep.equal(["admin", "sources", "destinations"]);
  });

  it("takes some channels of a provider, several destinations, and names for them", async () => {
    await init([
      ...[
        "--provider",
        "lumin/account",
        "--provider",
        "legalesign/batch,upon",
        "--provider",
        "legalesign/batch",
      ],
      ...["--destination", "https://erp.internal/a", "--destination", "http://127.0.0.1:9000"],
      ...["--destination", "https://erp.internal/b", "--destination", "archive=https://x.internal"],
    ]);
    expect(await channelsOf()).to.deep.equal(["lumin/account", "legalesign/batch", "legalesign/upon"]);
    expect((await loaded()).destinations.map(({ name }) => name)).to.deep.equal([
      ...["erp", "receiver", "erp-2", "archive"],
    ]);
  });

  it("says what to enter at each provider, and how the receiver verifies", async () => {
    const { stdout } = await init([...BOTH, "--public-url", "https://bridge.example/"]);
    const { LEGALESIGN_TOKEN: token } = variables();
    expect(stdout)
      .to.include("https://bridge.example/in/lumin/account\n")
      .and.include(`https://bridge.example/in/legalesign/batch?token=${token}\n`)
      .and.include("The secret is the workspace's primary API key.")
      .and.include("new Webhook(process.env.CRM_WEBHOOK_SECRET).verify(rawBody, request.headers)");
    const { LEGALESIGN_TOKEN: _, ...secrets } = variables();
    for (const secret of Object.values(secrets)) expect(stdout).not.to.include(secret);
  });

  it("makes a good configuration for each shipped provider", async () => {
    const { stdout } = await runCommand(["providers", "--json"]);
    const providers: { provider: string; channels: object[] }[] = JSON.parse(stdout);
    for (const { provider, channels } of providers) {
      folder = join(aFolder(), provider);
      expect((await init(["--provider", provider, "--destination", "http://erp"])).code).to.equal(0);
      expect(await channelsOf()).to.have.length(channels.length);
    }
  });

  it("makes a bridge that forwards what `simulate` posts with the same .env", async () => {
    const receiver = await startReceiver();
    await init(["--provider", "lumin", "--provider", "legalesign", "--destination", receiver.url]);
    const [config, file] = [join(folder, "countersign.yaml"), join(folder, ".env")];
    writeFileSync(
      config,
      `${text("countersign.yaml").replace("admin: {", "admin: { port: 0,")}server: { port: 0 }\n`,
    );
    const given = text("countersign.yaml").replaceAll(/\$\{(\w+)\}/g, (_, name) => variables()[name] ?? "");
    const bridge = await startBridge(given, { folder });
    const to = bridge.url.replace("0.0.0.0", "127.0.0.1");
    for (const provider of ["lumin", "legalesign"]) {
      const args = [
        "simulate",
        provider,
        "--to",
        to,
        "--documents",
        "1",
        "--rate",
        "1000/s",
        "--env-file",
        file,
      ];
      const { code, stderr } = await runCommand(args);
      expect([code, stderr]).to.deep.equal([0, ""]);
    }
    await receiver.got(4);
  });

  it("never overwrites, and says which file is there", async () => {
    for (const file of ["countersign.yaml", ".env"]) {
      folder = aFolder();
      writeFileSync(join(folder, file), "mine");
      const { code, stdout, stderr } = await init(BOTH);
      expect([code, stdout]).to.deep.equal([1, ""]);
      expect(stderr).to.match(new RegExp(`${file.replace(".", "\\.")} exists, and nothing is overwritten`));
      expect([written(), text(file)]).to.deep.equal([[file], "mine"]);
    }
    folder = aFolder();
    await init(BOTH);
    expect((await init(BOTH)).stderr).to.include("exist, and nothing is overwritten: move them away");
  });

  const wrong: readonly [args: string[], said: RegExp][] = [
    [
      ["--provider", "lumen", "--destination", "http://x"],
      /`lumen` is not a provider, did you mean `lumin`\?/,
    ],
    [
      ["--provider", "lumin/acount", "--destination", "http://x"],
      /`acount` is not a channel of lumin.*`account`/,
    ],
    [["--provider", "lumin", "--destination", "crm"], /crm: must be an http or https URL/],
    [["--provider", "lumin", "--destination", "Our CRM=http://x"], /names are lower-case letters/],
    [["--provider", "lumin", "--destination", "http://169.254.169.254/"], /169\.254\.169\.254/],
    [["--provider", "lumin", "--destination", "http://x", "--public-url", "bridge"], /bridge is no address/],
    [["--provider", "lumin"], /nothing is written, since there is no answer/],
  ];
  for (const [args, said] of wrong) {
    it(`writes nothing of a wrong option: ${args.join(" ")}`, async () => {
      const { code, stderr } = await init(args);
      expect(code).to.equal(1);
      expect(stderr).to.match(said);
      expect(existsSync(folder)).to.equal(false);
    });
  }

  it("asks for what no option says, and asks again with the reason after a bad answer", async () => {
    const answers = [
      ...["", "lumen", "lumin, docusign", "acount", "account"],
      ...["crm.internal", "https://crm.internal/hook", "Our CRM", ""],
      ...["bridge.example", "https://bridge.example"],
    ];
    const { code, stdout, stderr } = await init([], `${answers.join("\n")}\n`);
    expect([code, stderr]).to.deep.equal([0, ""]);
    for (const reason of [
      "an answer is needed",
      "`lumen` is not a provider, did you mean `lumin`?",
      "`acount` is not a channel of lumin, did you mean `account`?",
      "crm.internal: must be an http or https URL",
      "Our CRM=https://crm.internal/hook: names are lower-case letters",
      "bridge.example is no address: write https://bridge.example",
    ])
      expect(stdout).to.include(`\n  ${reason}`.slice(1));
    expect(stdout.split("Which providers send webhooks?")).to.have.length(4);
    expect(await channelsOf()).to.deep.equal(["lumin/account", "docusign/connect"]);
    expect((await loaded()).destinations.map(({ name }) => name)).to.deep.equal(["crm"]);
    expect(stdout).to.include("https://bridge.example/in/docusign/connect");
  });

  it("takes the usual answers for empty ones, and asks only what is missing", async () => {
    const { stdout } = await init(["--provider", "lumin"], "http://crm.internal/\n\n\n");
    expect(stdout).not.to.include("Which providers").and.not.include("Which channels");
    expect(stdout).to.include("https://<your bridge>/in/lumin/account");
    expect((await loaded()).destinations.map(({ name }) => name)).to.deep.equal(["crm"]);
  });

  it("writes a configuration for the image, with another store and with secrets as files", async () => {
    await init([...BOTH, "--container"]);
    expect(await loaded()).to.deep.include({
      store: { kind: "sqlite", file: "/data/countersign.db" },
      drain: 5_000,
    });
    expect((await loaded()).admin.host).to.equal("0.0.0.0");

    folder = join(aFolder(), "files");
    const store = "postgres://countersign@postgres/countersign";
    await init([...BOTH, "--container", "--store", store, "--secrets", `${folder}/run/`]);
    expect(text("countersign.yaml")).not.to.match(/\$\{[A-Z]/);
    mkdirSync(join(folder, "run"));
    for (const [name, value] of Object.entries(variables()))
      writeFileSync(join(folder, "run", name), `${value}\n`);
    const { config, problems } = await loadConfig(join(folder, "countersign.yaml"), {});
    expect(problems).to.deep.equal([]);
    expect(config).to.deep.include({ store: { kind: "postgres", url: store }, drain: 5_000 });
    expect(config?.admin.token).to.equal(variables().COUNTERSIGN_ADMIN_TOKEN);
    expect(variables().PGPASSWORD).to.have.length(48);

    folder = join(aFolder(), "wrong");
    const { code, stderr } = await init([...BOTH, "--store", "oracle:db"]);
    expect([code, existsSync(folder)]).to.deep.equal([1, false]);
    expect(stderr).to.include("`store`: must be sqlite:FILE, lowdb:FILE or postgres:");
  });

  it("writes nothing when the answers end early", async () => {
    for (const input of ["", "lumin\n", "lumin\n\nhttp://crm"]) {
      const { code, stderr } = await init([], input);
      expect([code, existsSync(folder)]).to.deep.equal([1, false]);
      expect(stderr).to.include("nothing is written, since there is no answer");
    }
  });
});
