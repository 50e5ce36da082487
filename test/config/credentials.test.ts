import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { parseConfig } from "../../src/config.ts";
import { formatProblem } from "../../src/yaml.ts";
import { runCommand } from "../cli/terminal.ts";
import { aFolder, tidy } from "../support/bridge.ts";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const GOOD = "0123456789abcdef0123456789abcdef";

const BASIC = `{ user: "\${USER}", password: "\${PASSWORD}" }`;
/** A credential at every place that may hold one, each from a variable. */
const TEXT = `admin: { token: "\${ADMIN}" }
store: "\${STORE}"
sources:
  lumin:
    mapping: lumin
    channels:
      account:
        secrets: ["${GOOD}", "\${INBOUND}"]
        token: "\${TOKEN}"
        basic: ${BASIC}
        headers: { X-Sent: ["\${SENT}"] }
destinations:
  crm:
    url: http://crm
    secrets: ["\${OUTBOUND}"]
    alsoSign: { header: X-Old, secret: "raw:\${SECOND}" }
    headers: { X-Tenant: "\${HEADER}" }
    auth: { bearer: "\${BEARER}" }
  erp: { url: "http://erp", secrets: ["${SECRET}"], auth: { basic: ${BASIC} } }
  bi: { url: "http://bi", secrets: ["${SECRET}"], auth: { header: { name: X-Key, value: "\${KEY}" } } }
`;
const GOOD_ENV = {
  ADMIN: GOOD,
  STORE: "postgres://bridge:pass@db/x",
  INBOUND: "inbound secret with a space",
  TOKEN: GOOD,
  USER: "ada-of-the-sales",
  PASSWORD: "a password of words",
  SENT: "what the provider sends",
  OUTBOUND: SECRET,
  SECOND: "the second of two secrets",
  HEADER: "acme",
  BEARER: GOOD,
  KEY: "key of the receiver",
};
/** The lines and the descriptions of the places of each variable. */
const PLACES: Record<keyof typeof GOOD_ENV, readonly [number, string][]> = {
  ADMIN: [[1, "the token of the admin API"]],
  STORE: [[2, "the address of the store"]],
  INBOUND: [[8, "the secret of lumin/account"]],
  TOKEN: [[9, "the token of lumin/account"]],
  USER: [
    [10, "the user name of lumin/account"],
    [19, "the user name of erp"],
  ],
  PASSWORD: [
    [10, "the password of lumin/account"],
    [19, "the password of erp"],
  ],
  SENT: [[11, "the header X-Sent of lumin/account"]],
  OUTBOUND: [[15, "the secret of crm"]],
  SECOND: [[16, "the second secret of crm"]],
  HEADER: [[17, "the header X-Tenant of crm"]],
  BEARER: [[18, "the bearer token of crm"]],
  KEY: [[20, "the credential of bi"]],
};

async function problemsOf(env: Record<string, string>, text = TEXT): Promise<string[]> {
  const { config, problems } = await parseConfig(text, "c.yaml", env);
  expect(config === null).to.equal(problems.length > 0);
  return problems.map(formatProblem);
}
const warningsOf = async (text: string, env: Record<string, string> = {}) =>
  (await parseConfig(text, "c.yaml", env)).warnings.map(formatProblem);

const FORGE = "each of the two could forge what comes from the other";

describe("a credential", () => {
  afterEach(tidy);

  it("is taken as it is, with inner spaces", async () => {
    expect(await problemsOf(GOOD_ENV)).to.deep.equal([]);
    expect(await warningsOf(TEXT, GOOD_ENV)).to.deep.equal([
      `c.yaml:19:39: \`destinations.erp.secrets.0\`: the secret of erp is the secret of crm too: ${FORGE}`,
      `c.yaml:20:37: \`destinations.bi.secrets.0\`: the secret of bi is the secret of crm too: ${FORGE}`,
    ]);
  });

  for (const name of Object.keys(GOOD_ENV) as (keyof typeof GOOD_ENV)[]) {
    it(`with white space at an end is refused once per place, with its variable: ${name}`, async () => {
      for (const [end, message] of [
        ["\n", "ends with white space, a line break"],
        ["\r\n", "ends with white space, a line break"],
        [" ", "ends with white space"],
        ["\t", "ends with white space"],
        ["\u{a0}", "ends with white space"],
        ["\u{feff}", "ends with white space"],
      ] as const) {
        const problems = await problemsOf({ ...GOOD_ENV, [name]: `${GOOD_ENV[name]}${end}` });
        expect(problems, problems.join("\n")).to.have.length(PLACES[name].length);
        for (const [index, [line, what]] of PLACES[name].entries()) {
          expect(problems[index]).to.match(new RegExp(`^c\\.yaml:${line}:\\d+: `));
          expect(problems[index]).to.include(
            `${what} ${message} (it comes from the environment variable ${name})`,
          );
          expect(problems[index]).to.include("printf %s");
          expect(problems[index]).not.to.include(GOOD_ENV[name]);
        }
      }
      expect((await problemsOf({ ...GOOD_ENV, [name]: ` ${GOOD_ENV[name]}` }))[0]).to.include(
        "begins with white space",
      );
      const [broken] = await problemsOf({ ...GOOD_ENV, [name]: `${GOOD_ENV[name]}\n${GOOD_ENV[name]}` });
      expect(broken).to.include("has a line break in it");
      expect((await problemsOf({ ...GOOD_ENV, [name]: `${GOOD_ENV[name]}\0x` }))[0]).to.include(
        "a control character",
      );
    });
  }

  it("is checked also when it is written in the file, and behind a prefix", async () => {
    const text = `sources: { lumin: { mapping: lumin, channels: { account: { secrets: ["${GOOD} "] } } } }
destinations: { crm: { url: "http://crm", secrets: ["raw: ${GOOD}"] } }`;
    const problems = await problemsOf({}, text);
    expect(problems[0]).to.include("the secret of lumin/account ends with white space: take that away");
    expect(problems[1]).to.include("the secret of crm begins with white space");
    expect(problems).to.have.length(2);
  });

  it("with white space at an end fails check and the start of every command", async () => {
    const file = join(aFolder(), "c.yaml");
    writeFileSync(file, TEXT);
    const env = { ...GOOD_ENV, INBOUND: `${GOOD}\n` };
    for (const command of ["check", "serve", "destinations"]) {
      const { code, stderr } = await runCommand([command, "--config", file], { env });
      expect(code, command).to.equal(1);
      expect(stderr).to.include("the secret of lumin/account ends with white space");
      expect(stderr).not.to.include(GOOD);
    }
  });
});

describe("countersign check warns of", () => {
  const lumin = (secret: string) =>
    `sources: { lumin: { mapping: lumin, channels: { account: { secrets: ["${secret}"] } } } }\n`;

  it("secrets that read like a placeholder", async () => {
    for (const text of [
      "changeme",
      "change-me-please",
      "your-secret-here",
      "<secret>",
      "xxxxxxxx",
      "{{ KEY }}",
      "password",
      "$${KEY}",
    ]) {
      const [warning] = await warningsOf(lumin(text));
      expect(warning, text).to.include("the secret of lumin/account reads like a placeholder");
    }
    expect(await warningsOf(lumin(GOOD))).to.deep.equal([]);
  });

  it("secrets that are short enough to be guessed", async () => {
    expect(await warningsOf(lumin("tiny-7"))).to.deep.equal([
      "c.yaml:1:70: `sources.lumin.channels.account.secrets.0`: " +
        "the secret of lumin/account has fewer than 16 characters: whoever finds it out can forge",
    ]);
  });

  it("one secret of two partners, and not of two channels of one", async () => {
    const twice = `${lumin(GOOD)}  `.replace(
      " } }\n",
      `, app: { secrets: ["${GOOD}"] } } },\n` +
        `  sign: { mapping: docusign, channels: { connect: { secrets: ["${GOOD}"] } } } }\n`,
    );
    const warnings = await warningsOf(twice.replace("} }, app", "}, app"));
    expect(warnings).to.have.length(1);
    expect(warnings[0]).to.include("the secret of sign/connect is the secret of lumin/account too");
    expect(warnings[0]).not.to.include(GOOD);
  });

  it("these below its summary, and exits 0", async () => {
    const file = join(aFolder(), "c.yaml");
    writeFileSync(file, lumin("changeme"));
    const { code, stdout, stderr } = await runCommand(["check", "--config", file]);
    expect([code, stderr]).to.deep.equal([0, ""]);
    expect(stdout).to.match(/is good[\s\S]*Look again at\n.*c\.yaml:1:\d+: .*reads like a placeholder/);
    expect(stdout).not.to.include("changeme");
    await tidy();
  });
});
