import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { loadConfig, parseConfig } from "../src/config.ts";
import { formatProblem } from "../src/yaml.ts";
import { aFolder, tidy } from "./support/bridge.ts";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

async function problemsOf(text: string, env: Record<string, string> = {}): Promise<string[]> {
  const { config, problems } = await parseConfig(text, "c.yaml", env);
  expect(config === null).to.equal(problems.length > 0);
  return problems.map(formatProblem);
}

describe("the configuration", () => {
  afterEach(tidy);

  it("needs only the settings that differ from the defaults", async () => {
    const { config } = await parseConfig("sources: {}", "/etc/countersign/c.yaml", {});
    expect(config?.server).to.deep.equal({
      host: "0.0.0.0",
      port: 8080,
      basePath: "",
      maxBody: 5 * 1_024 ** 2,
      maxValues: 125_000,
      maxBytesInFlight: 64 * 1_024 ** 2,
      maxConnections: 10_000,
      idleTimeout: 75_000,
      stallTimeout: 30_000,
      requestTimeout: 900_000,
    });
    expect(config).to.deep.include({
      admin: { host: "127.0.0.1", port: 8081, token: null, tokens: [], console: true, proxied: false },
      store: { kind: "sqlite", file: "/etc/countersign/data/countersign.db" },
      shutdown: 20_000,
    });
  });

  it("gives each channel the body limit of its own line, its mapping or the server", async () => {
    const channels = 'connect: { secrets: ["s"] }';
    const text = (more: string, own = channels) => `server: { ${more} }
sources:
  ds: { mapping: docusign, channels: { ${own} } }
  lumin: { mapping: lumin, channels: { account: { secrets: ["s"] } } }`;
    const limits = async (...given: Parameters<typeof text>) => {
      const { config } = await parseConfig(text(...given), "c.yaml", {});
      return [
        ...(config?.channels.map(({ maxBody }) => maxBody / 1_024 ** 2) ?? []),
        config?.server.maxBytesInFlight,
      ];
    };
    expect(await limits("maxBody: 2mb")).to.deep.equal([30, 2, 64 * 1_024 ** 2]);
    const own = 'connect: { secrets: ["s"], maxBody: 40mb }';
    expect(await limits("maxBody: 2mb", own)).to.deep.equal([40, 2, 80 * 1_024 ** 2]);
    const { problems } = await parseConfig(text("maxBytesInFlight: 32mb"), "c.yaml", {});
    expect(problems.map(({ message }) => message)).to.have.length(1);
    expect(problems[0]?.message).to.match(
      /^`server.maxBytesInFlight`: 32mb is less than twice 30mb.* ds\/connect/,
    );
  });

  it("takes a PostgreSQL database as the store, and refuses an invalid connection string", async () => {
    const url = "postgresql://bridge:p%40ss@db.internal:5433/countersign?sslmode=require";
    const { config } = await parseConfig(`store: ${url}`, "c.yaml", {});
    expect(config?.store).to.deep.equal({ kind: "postgres", url });
    const { problems } = await parseConfig("store: postgres://a:b@c:port/d", "c.yaml", {});
    expect(problems[0]?.message).to.match(/`store`: is not a connection string/);
  });

  it("takes a lowdb file as the store", async () => {
    const { config } = await parseConfig("store: lowdb:data/bridge.json", "/etc/countersign/c.yaml", {});
    expect(config?.store).to.deep.equal({ kind: "lowdb", file: "/etc/countersign/data/bridge.json" });
  });

  it("shows ten different mistakes as ten messages, each with its place", async () => {
    const text = `server: { port: 99999, maxBody: lots }
admin: { host: 0.0.0.0 }
store: oracle:db
stores: x
sources:
  lumin: { mapping: lumen, channels: { account: { secrets: ["k"] } } }
  legalesign:
    mapping: legalesign
    channels: { batch: {} }
destinations:
  crm: { url: "ftp://crm", secrets: ["\${MISSING}"], events: ["document.sinned"] }
`;
    const problems = await problemsOf(text);
    const expected = [
      /^c\.yaml:1:17: `server\.port`: must be a port number/,
      /^c\.yaml:1:33: `server\.maxBody`: "lots" is no size/,
      /^c\.yaml:2:8: `admin`: an admin API that others can reach needs a token/,
      /^c\.yaml:3:8: `store`: must be sqlite:FILE, lowdb:FILE or postgres:/,
      /^c\.yaml:4:1: `stores`: is not a known key \(known here: server, admin, store/,
      /^c\.yaml:6:21: .*lumen.*lumin/,
      /^c\.yaml:9:17: .*needs `token`/,
      /^c\.yaml:11:15: `destinations\.crm\.url`: must be an http or https URL/,
      /^c\.yaml:11:38: the environment variable MISSING is not set/,
      /^c\.yaml:11:62: `destinations\.crm\.events\.0`: "document\.sinned" is no event type/,
    ];
    expect(problems).to.have.length(expected.length);
    for (const [index, pattern] of expected.entries()) expect(problems[index]).to.match(pattern);
  });

  it("takes values from the environment, with defaults, and never as YAML", async () => {
    const text = `server: { port: "\${PORT:-9000}" }\nadmin: { token: "\${TOKEN}" }`;
    const token = 'x: {y: 1} # and "more" of it';
    const { config } = await parseConfig(text, "c.yaml", { TOKEN: token });
    expect(config?.server.port).to.equal(9000);
    expect(config?.admin.token).to.equal(token);
    expect((await parseConfig(text, "c.yaml", { TOKEN: token, PORT: "81" })).config?.server.port).to.equal(
      81,
    );
  });

  it("takes a number or truth value in quotes, as templates write them, and a secret of digits as a text", async () => {
    const text = `
server: { port: "9000" }
admin: { token: "1234567890123456" }
rejected: { keep: "7" }
destinations: { crm: { url: "http://crm", secrets: ["${SECRET}"], paused: "true" } }`;
    const { config, problems } = await parseConfig(text, "c.yaml", {});
    expect(problems).to.deep.equal([]);
    expect(config?.server.port).to.equal(9000);
    expect(config?.admin.token).to.equal("1234567890123456");
    expect(config?.rejected.keep).to.equal(7);
    expect(config?.destinations[0]?.paused).to.equal(true);
    expect(await problemsOf('server: { port: "90 00" }')).to.deep.equal([
      "c.yaml:1:17: `server.port`: must be a port number from 0 to 65535",
    ]);
  });

  it("does not start with the literal text of a variable that is not set", async () => {
    const [problem] = await problemsOf('admin: { token: "${NO_SUCH_TOKEN}" }');
    expect(problem).to.match(/^c\.yaml:1:17: the environment variable NO_SUCH_TOKEN is not set/);
  });

  it("refuses invalid YAML, with the line", async () => {
    const [problem] = await problemsOf("server:\n  port: [1\nadmin: {}\n");
    expect(problem).to.match(/^c\.yaml:[23]:\d+: not valid YAML/);
  });

  it("says that a variable between braces needs quotes, where YAML's own words would not help", async () => {
    expect(await problemsOf("sources:\n  lumin: { secrets: [${KEY}, ${KEY:-x}] }\n")).to.deep.equal([
      'c.yaml:2:22: write "${KEY}": between { } and [ ] it needs quotes',
    ]);
  });

  describe("values from the environment", () => {
    const crm = (given: string) =>
      `destinations:\n  crm:\n    url: http://crm\n    secrets: ["${SECRET}"]\n    ${given}\n`;
    const made = async (given: string, env: Record<string, string> = {}) => {
      const { config, problems } = await parseConfig(crm(given), "c.yaml", env);
      expect(problems.map(formatProblem)).to.deep.equal([]);
      return config?.destinations[0];
    };

    for (const [quoted, write] of [
      ["in quotes", (name: string) => `"\${${name}}"`],
      ["without quotes", (name: string) => `\${${name}}`],
    ] as const) {
      it(`stand for numbers, truth values, durations, sizes, rates and ports, ${quoted}`, async () => {
        const text = `
server: \n  port: ${write("PORT")}\n  maxBody: ${write("SIZE")}
rejected:\n  keep: ${write("KEEP")}
shutdown: ${write("TIME")}
${crm(`concurrency: ${write("N")}`)}
    paused: ${write("PAUSED")}
    rate: ${write("RATE")}
    retry:\n      - ${write("TIME")}\n      - 5m
    breaker:\n      failures: ${write("N")}`;
        const env = {
          PORT: "81",
          SIZE: "2mb",
          KEEP: "0",
          TIME: "7s",
          N: " 12\n",
          PAUSED: "True",
          RATE: "60/m",
        };
        const { config, problems } = await parseConfig(text, "c.yaml", env);
        expect(problems.map(formatProblem)).to.deep.equal([]);
        expect(config?.server).to.include({ port: 81, maxBody: 2 * 1_024 ** 2 });
        expect(config).to.deep.include({ shutdown: 7_000 });
        expect(config?.rejected.keep).to.equal(0);
        expect(config?.destinations[0]).to.deep.include({
          ...{ concurrency: 12, paused: true, rate: 1, schedule: [7_000, 300_000] },
        });
        expect(config?.destinations[0]?.breaker.failures).to.equal(12);
      });
    }

    it("stand for them through defaults and anchors too", async () => {
      expect(await made("paused: ${PAUSED:-false}\n    concurrency: ${N:-3}")).to.include({
        ...{ paused: false, concurrency: 3 },
      });
      const shared = await made("concurrency: &n ${N}\n    breaker:\n      failures: *n", { N: "4" });
      expect(shared?.breaker.failures).to.equal(4);
    });

    it("stay texts where a text is expected, though they look like a number or a truth value", async () => {
      const env = { A: "1234567890123456", B: "true" };
      const destination = await made("auth:\n      bearer: ${A}\n    headers:\n      X-Flag: ${B}", env);
      expect(destination?.headers).to.deep.equal({ authorization: `Bearer ${env.A}`, "x-flag": "true" });
    });

    it("that do not fit are shown with place, key, variable and a valid form", async () => {
      const env = { N: "ten", M: "0", P: "yes", F: "json", T: "soon" };
      const given = `concurrency: "\${N}"
    breaker:
      failures: \${M}
    paused: \${P}
    format: \${F}
    timeout: \${T}
    rate: \${R:-5/x}`;
      expect(await problemsOf(crm(given), env)).to.deep.equal([
        'c.yaml:5:18: `destinations.crm.concurrency`: the environment variable N is "ten": ' +
          "must be a whole number",
        'c.yaml:7:17: `destinations.crm.breaker.failures`: the environment variable M is "0": ' +
          "must be at least 1",
        'c.yaml:8:13: `destinations.crm.paused`: the environment variable P is "yes": must be true or false',
        'c.yaml:9:13: `destinations.crm.format`: the environment variable F is "json": ' +
          "must be cloudevents, cloudevents-binary, standard, lumin, legalesign-upon, legalesign-batch",
        'c.yaml:10:14: `destinations.crm.timeout`: "soon" is no duration: write 15s, 5m or 2h ' +
          "(it comes from the environment variable T)",
        'c.yaml:11:11: `destinations.crm.rate`: "5/x" is no rate: write 50/s or 600/m ' +
          "(it comes from the default of R)",
      ]);
    });

    it("that are secrets are not shown in problems", async () => {
      const env = { TOKEN: "planted", SECRET: "whsec_planted", BEARER: "plan ted", STORE: "oracle:planted" };
      const text = `admin: { token: "\${TOKEN}" }
store: \${STORE}
destinations:
  crm: { url: "http://crm", secrets: ["\${SECRET}"], auth: { bearer: "\${BEARER}" } }`;
      const problems = await problemsOf(text, env);
      expect(problems).to.have.length(4);
      for (const name of Object.keys(env))
        expect(problems.join("\n")).to.include(`(it comes from the environment variable ${name})`);
      expect(problems.join("\n")).not.to.match(/planted|plan ted/);
    });

    it("are left out where an empty default says so", async () => {
      expect(await made("paused: ${P:-}\n    rate: ${R:-}\n    headers:\n      X-A: ${A:-}")).to.deep.include(
        {
          ...{ paused: false, rate: null, headers: {} },
        },
      );
      const two = crm("paused: false").replace(`["${SECRET}"]`, `["\${NEW:-}", "\${OLD}"]`);
      const one = (await parseConfig(two, "c.yaml", { OLD: SECRET })).config?.destinations[0];
      expect(one?.secrets).to.have.length(1);
      const both = (await parseConfig(two, "c.yaml", { OLD: SECRET, NEW: SECRET })).config?.destinations[0];
      expect(both?.secrets).to.have.length(2);
      expect((await problemsOf('admin: { host: 0.0.0.0, token: "${T:-}" }'))[0]).to.include("needs a token");
    });

    it("can be written about: $${NAME} is the text ${NAME}", async () => {
      const destination = await made('headers:\n      X-A: "$${A} costs $5 in ${B}"', { B: "$${A}" });
      expect(destination?.headers).to.deep.equal({ "x-a": "${A} costs $5 in $${A}" });
    });

    it("have no defaults that refer to other variables, since these would be taken for text", async () => {
      expect(await problemsOf('admin: { token: "${A:-${B}}" }')).to.deep.equal([
        "c.yaml:1:17: `${A:-${B}` names no environment variable: write `${NAME}` or `${NAME:-default}`",
      ]);
      expect((await problemsOf('admin: { token: "${A" }'))[0]).to.include(
        "`${A` names no environment variable",
      );
    });
  });

  it("refuses a channel with no check at all, unless it says so", async () => {
    const channel = (given: string) =>
      `sources: { lumin: { mapping: lumin, channels: { account: ${given} } } }`;
    expect(await problemsOf(channel("{}"))).to.have.length(1);
    expect(await problemsOf(channel("{ verify: none }"))).to.deep.equal([]);
    expect(await problemsOf(channel("{ verify: none, token: a-token-nobody-guesses }"))).to.have.length(1);
    expect((await problemsOf(channel("{ verify: maybe }")))[0]).to.include("can only be `none`");
  });

  it("refuses a token that could be guessed or would not survive in a URL", async () => {
    const channel = (token: string) =>
      `sources: { legalesign: { mapping: legalesign, channels: { upon: { token: "${token}" } } } }`;
    expect((await problemsOf(channel("short")))[0]).to.include("at least 16 characters");
    expect((await problemsOf(channel("with a space and more")))[0]).to.include("stands in a URL");
  });

  it("refuses a credential that no check uses", async () => {
    const upon = (given: string) =>
      problemsOf(
        `sources:
  legalesign: { mapping: legalesign, channels: { upon: { token: a-token-nobody-guesses, ${given} } } }`,
      );
    expect((await upon("requireSignature: true"))[0]).to.include("without the `certificate`");
    expect((await upon('secrets: ["k"]'))[0]).to.include("checks no such signature on upon");
    const lumin =
      "sources: { lumin: { mapping: lumin, " +
      'channels: { account: { secrets: ["k"], certificate: ./x.pem } } } }';
    expect((await problemsOf(lumin))[0]).to.include("checks none on account");
  });

  it("names the mapping's channels when an unknown one is configured", async () => {
    const [problem] = await problemsOf(
      "sources: { lumin: { mapping: lumin, channels: { batch: { token: a-token-nobody-guesses } } } }",
    );
    expect(problem).to.include("no channel `batch`").and.include("account, app");
  });

  it("never shows a secret in a message", async () => {
    const problems = await problemsOf(
      'destinations: { crm: { url: "http://crm", secrets: ["whsec_c2hvcnQ="] } }',
    );
    expect(problems).to.have.length(1);
    expect(problems.join()).not.to.include("c2hvcnQ");
  });

  it("reads schedules by name or as a list", async () => {
    const schedule = async (retry: string) => {
      const text = `destinations: { crm: { url: "http://crm", secrets: ["${SECRET}"], retry: ${retry} } }`;
      return (await parseConfig(text, "c.yaml", {})).config?.destinations[0]?.schedule;
    };
    expect(await schedule("[5s, 1m, 2h15m]")).to.deep.equal([5_000, 60_000, 8_100_000]);
    expect(await schedule("lumin")).to.have.length(6);
    expect(await schedule("standard")).to.have.length(9);
    expect(
      await problemsOf(`destinations: { crm: { url: "http://crm", secrets: ["${SECRET}"], retry: often } }`),
    ).to.have.length(1);
  });

  it("prefers mappings beside the file to shipped ones, and names the line of a mistake", async () => {
    const folder = aFolder();
    mkdirSync(join(folder, "mappings"));
    const text = "sources: { lumin: { mapping: lumin, channels: { account: { secrets: [k] } } } }";
    const broken = `provider: lumin
title: Lumin
verify: [{ hmac: { hash: sha256, signature: "header:x-signature" } }]
event:
  word: { from: { path: what, pattern: "(" }, table: words }
  time: { path: when, as: sundial }
tables: { words: { done: document.finished } }
channels: { account: { title: Account } }
`;
    writeFileSync(join(folder, "mappings", "lumin.yaml"), broken);
    const { config, problems } = await parseConfig(text, join(folder, "c.yaml"), {});
    expect(config).to.equal(null);
    const said = problems.map(({ file, line, message }) => `${file.slice(folder.length)}:${line} ${message}`);
    expect(said).to.have.length(3);
    expect(said[0]).to.match(/^\/mappings\/lumin\.yaml:5 .*pattern/);
    expect(said[1]).to.match(/^\/mappings\/lumin\.yaml:6 .*sundial/);
    expect(said[2]).to.match(/^\/mappings\/lumin\.yaml:7 .*document\.finished/);
  });

  it("says how to make a configuration when there is no file", async () => {
    const { problems } = await loadConfig(join(aFolder(), "none.yaml"), {});
    expect(problems[0]?.message).to.include("copy countersign.example.yaml");
  });

  it("reads shadow and standby of channels, and refuses what cannot be meant", async () => {
    const text = (batch: string, realtime: string) =>
      `sources:
  legalesign:
    mapping: legalesign
    channels:
      batch: { token: 0123456789abcdef${batch} }
      realtime: { secrets: [s]${realtime} }`;
    const { config } = await parseConfig(text(", standby: 3d", ""), "c.yaml", {});
    expect(config?.channels.map(({ standby }) => standby)).to.deep.equal([259_200_000, undefined]);
    const tried = await parseConfig(text("", ", shadow: true"), "c.yaml", {});
    expect(tried.config?.channels.map(({ shadow }) => shadow)).to.deep.equal([undefined, true]);
    for (const [batch, realtime, message] of [
      [", standby: 1h", "", "at least 1d"],
      [", shadow: maybe", "", "must be true or false"],
      [", standby: 3d, shadow: true", "", "is in shadow and on standby"],
      [", standby: 3d", ", shadow: true", "no other channel of the source has taken over"],
      [", standby: 3d", ", standby: 3d", "no other channel of the source has taken over"],
    ] as const)
      expect((await problemsOf(text(batch, realtime))).join("\n"), message).to.include(message);
  });

  it("the example is good once its environment is set", async () => {
    const text = readFileSync(new URL("../countersign.example.yaml", import.meta.url), "utf8");
    const names = [...text.matchAll(/\$\{([A-Z_]+)\}/g)].map(([, name = ""]) => name);
    const env = Object.fromEntries(
      names.map((name) => [name, name.endsWith("WEBHOOK_SECRET") ? SECRET : `${name}-0123456789`]),
    );
    const { problems } = await parseConfig(text, "countersign.yaml", env);
    expect(problems.map(formatProblem)).to.deep.equal([]);
  });
});
