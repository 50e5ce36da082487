import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { getuid } from "node:process";
import { expect } from "chai";
import { loadConfig, parseConfig } from "../../src/config.ts";
import { formatProblem } from "../../src/yaml.ts";
import {
  aFolder,
  type Bridge,
  configText,
  SECRET,
  signedByLumin,
  startBridge,
  startReceiver,
  tidy,
} from "../support/bridge.ts";

/** Values from files, as Docker, Kubernetes and systemd mount secrets. */

const GOOD = "0123456789abcdef0123456789abcdef";

let folder: string;
const put = (name: string, content: string | Uint8Array) => {
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
};
const parse = (text: string, env: Record<string, string> = {}) =>
  parseConfig(text, join(folder, "c.yaml"), env);
async function problemsOf(text: string, env: Record<string, string> = {}): Promise<string[]> {
  const { config, problems } = await parse(text, env);
  expect(config === null).to.equal(problems.length > 0);
  return problems.map((problem) => formatProblem({ ...problem, file: "c.yaml" }));
}
async function tokenOf(text: string, env: Record<string, string> = {}): Promise<string | null | undefined> {
  const { config, problems } = await parse(text, env);
  expect(problems.map(formatProblem)).to.deep.equal([]);
  return config?.admin.token;
}

describe("secrets in files", () => {
  beforeEach(() => {
    folder = aFolder();
  });
  afterEach(tidy);

  const forms: readonly [how: string, text: (path: string) => string][] = [
    ["in quotes", (path) => `admin: { token: "\${file:${path}}" }`],
    ["without quotes", (path) => `admin:\n  token: \${file:${path}}`],
  ];
  for (const [how, text] of forms) {
    it(`are read by \${file:PATH}, ${how}, absolute or from the folder of the configuration`, async () => {
      const file = put("admin token", GOOD);
      expect(await tokenOf(text(file))).to.equal(GOOD);
      expect(await tokenOf(text("admin token"))).to.equal(GOOD);
      expect(await tokenOf(text("./admin token"))).to.equal(GOOD);
    });
  }

  it("are read through NAME_FILE, where NAME is not set or empty", async () => {
    const file = put("token", `${GOOD}\n`);
    const text = 'admin: { token: "${TOKEN}" }';
    expect(await tokenOf(text, { TOKEN_FILE: file })).to.equal(GOOD);
    expect(await tokenOf(text, { TOKEN_FILE: "token", TOKEN: "" })).to.equal(GOOD);
    expect(await tokenOf(text, { TOKEN: `${GOOD}1`, TOKEN_FILE: "" })).to.equal(`${GOOD}1`);
  });

  it("may be a part of a value, and stand beside variables", async () => {
    put("password", "p4ss\n");
    const text = 'store: "postgres://${USER}:${file:password}@db/countersign"';
    const { config } = await parse(text, { USER: "bridge" });
    expect(config?.store).to.deep.equal({ kind: "postgres", url: "postgres://bridge:p4ss@db/countersign" });
  });

  it("lose one line break at the end, of either kind, and no more", async () => {
    const text = 'admin: { token: "${file:token}" }';
    for (const end of ["", "\n", "\r\n"]) {
      put("token", GOOD + end);
      expect(await tokenOf(text), JSON.stringify(end)).to.equal(GOOD);
    }
    for (const end of ["\n\n", " \n", "\n\r\n", "\t"]) {
      put("token", GOOD + end);
      const [problem] = await problemsOf(text);
      expect(problem, JSON.stringify(end)).to.match(
        /^c\.yaml:1:17: `admin\.token`: the token of the admin API/,
      );
      expect(problem).to.match(/ends with white space.*\(it comes from the file token\)/);
    }
  });

  it("are text, never YAML and never searched for references", async () => {
    put("token", 'x: {y: "${HOME}"} # and more, ${file:token}');
    expect(await tokenOf('admin: { token: "${file:token}" }', { HOME: "/root" })).to.equal(
      'x: {y: "${HOME}"} # and more, ${file:token}',
    );
  });

  it("stand for numbers and truth values too", async () => {
    put("port", "9000\n");
    put("paused", "true\n");
    const text = `server: { port: "\${file:port}" }
destinations: { crm: { url: "http://crm", secrets: ["${SECRET}"], paused: "\${file:paused}" } }`;
    const { config } = await parse(text);
    expect(config?.server.port).to.equal(9000);
    expect(config?.destinations[0]?.paused).to.equal(true);
  });

  it("may be missing or empty where a default is written", async () => {
    const text = (end: string) => `destinations:
  crm: { url: "http://crm", secrets: ["\${file:new${end}}", "${SECRET}"] }`;
    const countOf = async () => (await parse(text(":-"))).config?.destinations[0]?.secrets.length;
    expect(await countOf()).to.equal(1);
    put("new", "\n");
    expect(await countOf()).to.equal(1);
    put("new", SECRET.replace("M", "N"));
    expect(await countOf()).to.equal(2);
    expect((await problemsOf(text("er")))[0]).to.match(/:2:\d+: the file newer does not exist$/);
    expect((await parse('server: { port: "${file:none:-81}" }')).config?.server.port).to.equal(81);
  });

  const bad: readonly [what: string, name: string, reason: RegExp, make: (name: string) => void][] = [
    ["is missing", "a", /does not exist$/, () => {}],
    ["is below another file", "b/c", /does not exist: a part of its path is no folder$/, () => put("b", "x")],
    ["is a folder", "d", /is a folder: name a file in it$/, (name) => mkdirSync(join(folder, name))],
    ["is empty", "e", /is empty: write the value into it$/, (name) => put(name, "")],
    ["is a line break alone", "f", /is empty: write the value into it$/, (name) => put(name, "\n")],
    ["is no text", "g", /is no text in UTF-8$/, (name) => put(name, Buffer.from([0x70, 0xff, 0xfe]))],
    ["is far too long", "h", /is longer than 64 KB/, (name) => put(name, "planted".repeat(10_000))],
    [
      "leads to itself",
      "i",
      /symbolic link that leads to itself$/,
      (name) => symlinkSync(name, join(folder, name)),
    ],
    ["is a pipe", "j", /is no regular file$/, (name) => execFileSync("mkfifo", [join(folder, name)])],
  ];
  for (const [what, name, reason, make] of bad) {
    it(`are named in the problem when the file ${what}`, async () => {
      make(name);
      const [direct, ...more] = await problemsOf(`admin: { token: "\${file:${name}}" }`);
      expect([direct, more.length]).to.satisfy(() => direct?.startsWith(`c.yaml:1:17: the file ${name} `));
      expect(direct).to.match(reason).and.not.include("planted");
      const [byName] = await problemsOf('admin: { token: "${T}" }', { T_FILE: name });
      expect(byName).to.match(new RegExp(`^c\\.yaml:1:17: the file ${name}, which T_FILE names, `));
      expect(byName).to.match(reason);
    });
  }

  it("are named in the problem when this user may not read the file", async function () {
    if (getuid?.() === 0) this.skip();
    chmodSync(put("token", GOOD), 0);
    expect((await problemsOf('admin: { token: "${file:token}" }'))[0]).to.match(
      /the file token may not be read by the user of this process$/,
    );
  });

  it("are a problem where NAME_FILE names a missing file, though NAME has a default", async () => {
    const text = 'server: { port: "${PORT:-8080}" }';
    expect((await problemsOf(text, { PORT_FILE: "typo" }))[0]).to.match(/PORT_FILE names, does not exist$/);
  });

  it("are a problem beside a variable of the same name, for one of the two would be ignored", async () => {
    const env = { TOKEN: GOOD, TOKEN_FILE: put("token", GOOD) };
    expect(await problemsOf('admin: { token: "${TOKEN}" }', env)).to.deep.equal([
      "c.yaml:1:17: the environment variables TOKEN and TOKEN_FILE are both set: unset one of them",
    ]);
  });

  it("show the right form where a reference names no file", async () => {
    for (const reference of ["${file:}", "${FILE:/x}", "${File:x}"])
      expect((await problemsOf(`admin: { token: "${reference}" }`))[0]).to.equal(
        `c.yaml:1:17: \`${reference}\` names no file: write \`\${file:/path}\` or \`\${file:/path:-default}\``,
      );
  });

  it("say that the reference needs quotes between braces", async () => {
    const [problem] = await problemsOf("admin: { token: ${file:/run/secrets/admin} }");
    expect(problem).to.include('write "${file:/run/secrets/admin}"').and.include("it needs quotes");
  });

  const places: readonly [where: string, text: string][] = [
    ["a size", 'server: { maxBody: "${file:s}" }'],
    ["a port", 'server: { port: "${file:s}" }'],
    [
      "a truth value",
      `destinations: { crm: { url: "http://c", secrets: ["${SECRET}"], paused: "\${file:s}" } }`,
    ],
    ["a word", 'log: { level: "${file:s}" }'],
    ["a duration", 'shutdown: "${file:s}"'],
    ["a retention", 'retention: { events: "${file:s}" }'],
    ["a store", 'store: "${file:s}"'],
    ["a store's password", 'store: "postgres://a:${file:s}@b:port/d"'],
    ["a token", 'sources: { l: { mapping: legalesign, channels: { batch: { token: "${file:s} " } } } }'],
    ["a mapping", 'sources: { l: { mapping: "${file:s}", channels: { batch: { token: x } } } }'],
    ["a secret", 'destinations: { crm: { url: "http://crm", secrets: ["${file:s}"] } }'],
    ["a URL", `destinations: { crm: { url: "\${file:s}", secrets: ["${SECRET}"] } }`],
    [
      "an event type",
      `destinations: { crm: { url: "http://c", secrets: ["${SECRET}"], events: ["\${file:s}"] } }`,
    ],
    ["a schedule", `destinations: { crm: { url: "http://c", secrets: ["${SECRET}"], retry: "\${file:s}" } }`],
    ["a rate", `destinations: { crm: { url: "http://c", secrets: ["${SECRET}"], rate: "\${file:s}" } }`],
    [
      "a filter",
      `destinations: { crm: { url: "http://c", secrets: ["${SECRET}"], filter: { sources: ["\${file:s}"] } } }`,
    ],
    [
      "a header",
      `destinations: { crm: { url: "http://c", secrets: ["${SECRET}"], headers: { "\${file:s} ": x } } }`,
    ],
    [
      "an authority",
      `destinations: { crm: { url: "https://c", secrets: ["${SECRET}"], tls: { ca: "\${file:s}" } } }`,
    ],
    [
      "a certificate",
      `sources: { l: { mapping: legalesign, channels: { batch: { token: ${GOOD}, certificate: "\${file:s}" } } } }`,
    ],
    ["a whole section", 'sources: "${file:s}"'],
  ];
  for (const content of [
    "Planted",
    "planted-Secret//of the Company",
    "-----BEGIN\nplanted+/LINES=\n-----END",
    "777777",
  ])
    for (const [where, text] of places) {
      it(`are not shown in the place of ${where}: ${JSON.stringify(content)}`, async () => {
        put("s", content);
        const { problems, warnings } = await parse(text);
        expect(problems).not.to.have.length(0);
        const said = [...problems, ...warnings].map(({ message }) => message).join("\n");
        expect(said).not.to.match(/planted|7777/i);
      });
    }

  it("of one letter take none out of the messages of other problems", async () => {
    put("s", "m");
    const problems = await problemsOf('server: { port: "${file:s}", maxBody: lots }');
    expect(problems[0]).to.include("must be a port number").and.include("the file s");
    expect(problems[1]).to.include('"lots" is no size: write 512kb or 5mb');
  });
});

describe("a rotated secret in a file", () => {
  afterEach(tidy);

  async function start(text: string): Promise<Bridge> {
    const file = join(folder, "countersign.yaml");
    writeFileSync(file, text);
    return startBridge(text, { folder, load: () => loadConfig(file, {}) });
  }
  beforeEach(() => {
    folder = aFolder();
  });

  const body = JSON.stringify({
    event: { event_type: "signature_request_created", event_time: 1_700_000_000_000 },
    signature_request: { signature_request_id: "r1" },
  });

  it("is in force after a reload, for what comes in and what goes out, and not before", async () => {
    const receiver = await startReceiver();
    put("lumin", "the-first-key-of-lumin\n");
    put("crm", `${SECRET}\n`);
    const text = configText(
      `destinations: { crm: { url: "${receiver.url}", secrets: ["\${file:crm}"] } }`,
    ).replace('"my_primary_api_key"', '"${file:lumin}"');
    const bridge = await start(text);
    const post = async (key: string) =>
      (await bridge.post("/in/lumin/account", body, signedByLumin(body, key))).status;
    put("lumin", "the-second-key-of-lumin\n");
    put("crm", `${SECRET.replace("M", "N")}\n`);
    expect(await post("the-second-key-of-lumin")).to.equal(401);
    await bridge.reload();
    expect(await post("the-first-key-of-lumin")).to.equal(401);
    expect(await post("the-second-key-of-lumin")).to.equal(200);
    const [delivery] = await receiver.got(1);
    expect(delivery?.json.subject).to.equal("documents/r1");
  });

  it("may be the token of the admin API", async () => {
    put("token", GOOD);
    const bridge = await start(
      configText().replace("admin: { port: 0 }", 'admin: { port: 0, token: "${file:token}" }'),
    );
    const ask = async (token: string) =>
      (await bridge.admin("/api/v1/events", { authorization: `Bearer ${token}` })).status;
    put("token", `${GOOD}2`);
    expect([await ask(GOOD), await ask(`${GOOD}2`)]).to.deep.equal([200, 401]);
    await bridge.reload();
    expect([await ask(GOOD), await ask(`${GOOD}2`)]).to.deep.equal([401, 200]);
  });

  it("that cannot be read leaves the configuration in force, and the refusal names the file alone", async () => {
    put("lumin", "the-first-key-of-lumin\n");
    const bridge = await start(configText().replace('"my_primary_api_key"', '"${file:lumin}"'));
    put("lumin", "");
    const refusal = await bridge.reload().then(
      () => "none",
      ({ message }: Error) => message,
    );
    expect(refusal).to.match(/countersign\.yaml:\d+:\d+: the file lumin is empty: write the value into it$/);
    const answer = await bridge.post(
      "/in/lumin/account",
      body,
      signedByLumin(body, "the-first-key-of-lumin"),
    );
    expect(answer.status).to.equal(200);
  });
});
