import { createHmac } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { parseConfig } from "../../src/config.ts";
import { DEFAULT_BREAKER } from "../../src/domain/breaker.ts";
import type { Destination } from "../../src/outbound/destination.ts";
import { publicKeyOf, signBody } from "../../src/outbound/sign.ts";
import { formatProblem } from "../../src/yaml.ts";
import { type Certificates, makeCertificates } from "../outbound/certificates.ts";
import { aFolder, tidy } from "../support/bridge.ts";
import { only } from "../support/only.ts";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const SOURCES = `sources:
  lumin: { mapping: lumin, channels: { account: { secrets: [k] }, app: { secrets: [k] } } }
`;

/** A configuration with one destination. `given`: further lines of it. */
function textOf(
  given: string,
  { secrets = `["${SECRET}"]`, url = "https://crm.internal/hooks" } = {},
): string {
  const lines = given.split("\n").map((line) => `    ${line.trimEnd()}`);
  return `${SOURCES}destinations:\n  crm:\n    url: ${url}\n    secrets: ${secrets}\n${lines.join("\n")}\n`;
}

async function read(
  text: string,
  { env = {} as Record<string, string>, folder = "/nowhere" } = {},
): Promise<{ destination: Destination | undefined; problems: string[] }> {
  const { config, problems } = await parseConfig(text, join(folder, "c.yaml"), env);
  return {
    destination: config?.destinations[0],
    problems: problems.map((problem) => formatProblem({ ...problem, file: "c.yaml" })),
  };
}
const made = async (...args: Parameters<typeof textOf>): Promise<Destination> => {
  const { destination, problems } = await read(textOf(...args));
  expect(problems).to.deep.equal([]);
  return destination as Destination;
};
/** The only problem of the configuration. */
const problem = async (...args: Parameters<typeof textOf>): Promise<string> => {
  return only((await read(textOf(...args))).problems);
};

describe("a destination's options", () => {
  afterEach(tidy);

  it("take a content type for the format cloudevents, and for no other", async () => {
    expect(await made("contentType: application/json")).to.include({ contentType: "application/json" });
    expect(await problem("contentType: text/plain")).to.include("must be application/json");
    expect(await problem("format: standard\ncontentType: application/json")).to.include(
      "goes with `format: cloudevents` only",
    );
  });

  it("take a proxy, none for an empty variable, and never show its password", async () => {
    const proxy = "http://bridge:hush@proxy.internal:3128";
    expect(await made(`proxy: ${proxy}`)).to.include({ proxy });
    expect(await made('proxy: "${NO_SUCH_PROXY:-}"')).to.include({ proxy: null });
    for (const bad of [
      "proxy.internal:3128",
      "socks5://bridge:hush@proxy",
      `${proxy}/path?hush`,
      "7",
      "http://a:50%hush@proxy",
    ])
      expect(await problem(`proxy: ${bad}`), bad)
        .to.include("of a proxy")
        .and.not.include("hush");
    expect(await problem("proxy: http://169.254.169.254")).to.include(
      "`destinations.crm.proxy`: 169.254.169.254 is",
    );
  });

  it("take statuses to park on that concern one event, and no others", async () => {
    expect(await made("parkOn: [400, 422]")).to.deep.include({ parkOn: [400, 422] });
    for (const status of [200, 308, 408, 410, 429, 500, 503])
      expect(await problem(`parkOn: [${status}]`), String(status)).to.include(
        `${status} cannot be parked on`,
      );
    expect(await problem("parkOn: 422")).to.include("must be a list of statuses such as [400, 422]");
  });

  it("may all be left out", async () => {
    expect(await made("")).to.deep.include({
      format: "cloudevents",
      contentType: null,
      parkOn: [],
      headers: {},
      alsoSign: null,
      tls: null,
      network: "any",
      proxy: null,
      paused: false,
      rate: null,
      breaker: DEFAULT_BREAKER,
    });
  });

  it("are parsed from their written form", async () => {
    const destination = await made(`paused: true
rate: 600/m
breaker: { failures: 3, pause: 5s }
network: public
format: standard
filter: { sources: [lumin], channels: ["a*"], tags: [sales] }
headers: { X-Tenant: acme }`);
    expect(destination).to.deep.include({
      paused: true,
      rate: 10,
      breaker: { failures: 3, pause: 5_000, longest: DEFAULT_BREAKER.longest },
      network: "public",
      format: "standard",
      filter: { sources: ["lumin"], channels: ["a*"], tags: ["sales"] },
      headers: { "x-tenant": "acme" },
    });
  });

  it("take credentials of each kind, from the environment", async () => {
    const headersFor = async (auth: string) => {
      const { destination, problems } = await read(textOf(`auth: ${auth}`), {
        env: { USER: "crm", PASSWORD: "p4ss:wörd", TOKEN: "t0ken" },
      });
      expect(problems).to.deep.equal([]);
      return destination?.headers;
    };
    const basic = Buffer.from("crm:p4ss:wörd").toString("base64");
    expect(await headersFor('{ basic: { user: "${USER}", password: "${PASSWORD}" } }')).to.deep.equal({
      authorization: `Basic ${basic}`,
    });
    expect(await headersFor('{ bearer: "${TOKEN}" }')).to.deep.equal({ authorization: "Bearer t0ken" });
    expect(await headersFor('{ header: { name: X-Api-Key, value: "${TOKEN}" } }')).to.deep.equal({
      "x-api-key": "t0ken",
    });
  });

  it("take the way to access tokens, with the proxy of the destination unless it names another", async () => {
    const oauth2For = async (oauth2: string, proxy = "http://proxy.internal:3128") =>
      (
        await made(
          `auth: { oauth2: { tokenUrl: "https://id.internal/token", clientId: a, clientSecret: b${oauth2} } }\nproxy: "${proxy}"`,
        )
      ).oauth2;
    const usual = { tokenUrl: "https://id.internal/token", clientId: "a", clientSecret: "b" };
    expect(await oauth2For("")).to.deep.equal({
      ...usual,
      ...{ scope: null, audience: null, clientAuth: "basic", tls: null },
      proxy: "http://proxy.internal:3128",
    });
    expect(await oauth2For("", "")).to.include({ proxy: null });
    expect(await oauth2For(', proxy: ""')).to.include({ proxy: null });
    expect(
      await oauth2For(', scope: "x y", audience: crm, clientAuth: post, proxy: "http://other:1"'),
    ).to.include({
      ...{ scope: "x y", audience: "crm", clientAuth: "post", proxy: "http://other:1" },
    });
    expect((await made("auth: { bearer: t }")).oauth2).to.equal(null);
  });

  it("refuse a token endpoint that could not be used", async () => {
    const problemOf = (oauth2: string, rest = "") => problem(`auth: { oauth2: { ${oauth2} } }${rest}`);
    const client = "clientId: a, clientSecret: b";
    expect(await problemOf(`tokenUrl: "ftp://id/token", ${client}`)).to.include(
      "must be an http or https URL",
    );
    expect(await problemOf(`tokenUrl: "https://u:hush@id/token", ${client}`))
      .to.include("use `clientId` and `clientSecret`")
      .and.not.include("hush");
    expect(await problemOf(`tokenUrl: "http://169.254.169.254/token", ${client}`)).to.match(
      /`destinations\.crm\.auth\.oauth2\.tokenUrl`: 169\.254\.169\.254 is a cloud metadata address/,
    );
    expect(await problemOf(`tokenUrl: "http://10.0.0.1/token", ${client}`, "\nnetwork: public")).to.include(
      "is a private address",
    );
    expect(await problemOf(`tokenUrl: "https://id/token", ${client}, clientAuth: jwt`)).to.include(
      "must be `basic` or `post`",
    );
    expect(await problemOf(`tokenUrl: "https://id/token", clientId: a, clientSecret: "b\\n"`)).to.include(
      "the client secret of crm ends with white space",
    );
    expect(await problemOf(`tokenUrl: "https://id/token", ${client}, tls: { ca: none.pem }`)).to.match(
      /`destinations\.crm\.auth\.oauth2\.tls\.ca`: cannot be read/,
    );
    expect(await problemOf(`tokenUrl: "http://id/token", ${client}, tls: { ca: none.pem }`)).to.include(
      "is for https, and `tokenUrl` is not",
    );
  });

  it("take one kind of credentials, and no header twice", async () => {
    expect(await problem('auth: { bearer: a, basic: { user: a, password: "b" } }')).to.match(
      /^c\.yaml:7:11: `destinations\.crm\.auth`: needs one of basic, bearer, header and oauth2/,
    );
    expect(await problem("auth: {}")).to.include("needs one of");
    expect(await problem('auth: { basic: { user: "a:b", password: c } }')).to.include(
      "must not have a colon",
    );
    expect(await problem("auth: { header: { name: X-Key, value: a } }\nheaders: { x-key: b }")).to.match(
      /^c\.yaml:7:\d+: `destinations\.crm\.auth\.header\.name`: `x-key` is set twice/,
    );
    expect(await problem("alsoSign: { header: X-Key, secret: raw:a }\nheaders: { x-key: b }")).to.include(
      "`x-key` is set twice",
    );
    expect(
      await problem("format: lumin\nalsoSign: { header: X-Signature, secret: raw:a }", {
        secrets: '["raw:key"]',
      }),
    ).to.include("`x-signature` is set twice");
    expect(await problem("headers: { X-Key: a, x-key: b }")).to.include("stands here twice");
  });

  it("refuse every header that Countersign sets itself, each with its place", async () => {
    const names = [
      "Content-Type",
      "content-length",
      "Host",
      "Webhook-Id",
      "webhook-signature",
      "ce-id",
      "User-Agent",
      "Transfer-Encoding",
      "countersign-replay",
    ];
    const { problems } = await read(textOf(`headers:\n${names.map((name) => `  ${name}: x`).join("\n")}`));
    expect(problems).to.have.length(names.length);
    for (const [index, name] of names.entries())
      expect(problems[index]).to.equal(
        `c.yaml:${8 + index}:${name.length + 9}: \`destinations.crm.headers.${name}\`: ` +
          `"${name}" is a header that Countersign sets itself: leave it out`,
      );
    expect(await problem("headers: { Authorization: x }")).to.include("use `auth`");
    expect(await problem('headers: { "X Tenant": x }')).to.include("is no header name");
    expect(await problem('headers: { X-Tenant: "a\\nb" }')).to.include("must be on one line");
    expect(await problem("headers: { X-Tenant: 42 }")).to.include("put it in quotes");
    expect(await problem("alsoSign: { header: Webhook-Signature, secret: raw:a }")).to.include(
      "Countersign sets itself",
    );
  });

  it("take private keys among the secrets, and show nothing of a bad one", async () => {
    const seed = `whsk_${Buffer.alloc(32, 7).toString("base64")}`;
    const { secrets } = await made("", { secrets: `["${seed}", "${SECRET}"]` });
    expect(secrets.map(publicKeyOf)).to.deep.equal([
      "whpk_6kpsY+KcUgq+9VB7Ey7F+ZVHdq6+vnuSQh7qaRRG0iw=",
      null,
    ]);
    const bad = await problem("", { secrets: '["whsk_c2hvcnQ="]' });
    expect(bad).to.match(/^c\.yaml:6:15: `destinations\.crm\.secrets\.0`: .*ed25519 seed of 32 bytes/);
    expect(bad).not.to.include("c2hvcnQ");
  });

  it("take a second signature, by default HMAC-SHA256 in hexadecimal", async () => {
    const { alsoSign } = await made('alsoSign: { header: X-Signature, secret: "raw:old" }');
    expect(alsoSign).to.deep.include({ header: "x-signature", hash: "sha256", encoding: "hex", prefix: "" });
    const body = Buffer.from("{}");
    const expected = createHmac("sha256", "old").update(body).digest("hex");
    expect(alsoSign && signBody(alsoSign, body)).to.equal(expected);
    const seed = `whsk_${Buffer.alloc(32, 7).toString("base64")}`;
    expect(await problem(`alsoSign: { header: X-A, secret: "${seed}" }`)).to.include("not a private key");
    expect(await problem('alsoSign: { header: X-A, secret: "old" }')).to.include("`raw:` before a foreign");
    expect(await problem('alsoSign: { header: X-A, secret: "raw:a", hash: md5 }')).to.include(
      "must be sha256",
    );
  });

  it("refuse a filter by an unknown source or channel, which would pass nothing", async () => {
    expect(await problem("filter: { sources: [lumen] }")).to.equal(
      'c.yaml:7:25: `destinations.crm.filter.sources.0`: no source is called "lumen": there are lumin',
    );
    expect(await problem("filter: { channels: [account, batch] }")).to.include("there are account, app");
    expect(await problem("filter: { tags: [] }")).to.include("leave the key out");
    expect(await problem("filter: { types: [a] }")).to.include("known here: sources, channels, tags");
  });

  it("refuse an address that is never posted to", async () => {
    expect(await problem("", { url: "http://169.254.169.254/latest" })).to.match(
      /^c\.yaml:5:10: `destinations\.crm\.url`: 169\.254\.169\.254 is a cloud metadata address/,
    );
    expect(await problem("network: public", { url: "http://10.0.0.1/" })).to.include("a private address");
    expect(await problem("network: private")).to.include("must be `any` or `public`");
    expect(await problem("", { url: "http://:hush@crm/" })).to.include("use `auth`");
  });

  it("refuse invalid rates, breakers and formats", async () => {
    expect(await problem("rate: fast")).to.include('"fast" is no rate: write 50/s or 600/m');
    expect(await problem("rate: 50")).to.include("must be a rate such as");
    expect(await problem("breaker: { pause: 2h }")).to.include("no longer than `longest`");
    expect(await problem("breaker: { failures: 0 }")).to.include("at least 1");
    expect(await problem("format: xml")).to.include(
      "must be cloudevents, cloudevents-binary, standard, lumin",
    );
    expect(await problem("paused: maybe")).to.include("must be true or false");
  });

  it("in the format lumin need Lumin's key as text first, and allow only Lumin's types", async () => {
    expect(await problem("format: lumin")).to.match(
      /^c\.yaml:6:15: `destinations\.crm\.secrets\.0`: `format: lumin` signs with the text of .*`raw:`/,
    );
    const secrets = `["raw:my_primary_api_key", "${SECRET}"]`;
    const { supports, secrets: read } = await made("format: lumin", { secrets });
    expect(supports).to.be.a("function");
    expect(read[0]?.export().toString()).to.equal("my_primary_api_key");
    expect(await problem("format: lumin\nevents: [signer.signed, signer.downloaded]", { secrets })).to.match(
      /^c\.yaml:8:29: `destinations\.crm\.events\.1`: `format: lumin` has no word for signer\.downloaded/,
    );
  });

  it("in Legalesign's formats allow only types with a code, and batches for the batch alone", async () => {
    expect(await problem("format: legalesign-upon\nevents: [document.sent, signer.signed]")).to.include(
      "`destinations.crm.events.1`: `format: legalesign-upon` has no word for signer.signed",
    );
    expect(await problem("format: legalesign-batch\nevents: [document.created]")).to.include(
      "document.created",
    );
    expect(await problem("format: legalesign-upon\ncontentType: application/json")).to.include("is a form");
    expect(await problem("format: legalesign-upon\nbatch: 6m")).to.include("`format: legalesign-batch` only");
    expect(await problem("batch: 6m")).to.include("`format: legalesign-batch` only");
    const batch = "format: legalesign-batch\nbatch:";
    expect(await problem(`${batch} 6m\nordering: none`)).to.include("a batch is in order");
    expect(await problem(`${batch} 0s`)).to.include("at least 1s");
    expect(await problem(`${batch} 25h`)).to.include("at most 1d");
    expect((await made(`${batch} 6m`)).batch).to.equal(360_000);
  });

  it("are checked beside another mistake in the file", async () => {
    const { problems } = await read(`server: { port: 99999 }\n${textOf("filter: { sources: [lumen] }")}`);
    expect(problems).to.have.length(2);
    expect(problems[1]).to.include("lumen");
  });
});

describe("a destination's tls", () => {
  let certificates: Certificates;
  let folder: string;
  before(function () {
    const found = makeCertificates();
    if (!found) return this.skip();
    certificates = found;
  });
  beforeEach(() => {
    folder = aFolder();
    const { ca, client, server } = certificates;
    const files = {
      "ca.pem": ca,
      "client.pem": client.cert,
      "client.key": client.key,
      "other.key": server.key,
    };
    for (const [name, text] of Object.entries({ ...files, "garbage.pem": "hello" }))
      writeFileSync(join(folder, name), text);
  });
  afterEach(tidy);

  const readTls = (tls: string, url = "https://crm.internal/") =>
    read(textOf(`tls: ${tls}`, { url }), { folder });

  it("is read from files beside the configuration", async () => {
    const { destination, problems } = await readTls("{ ca: ca.pem, cert: ./client.pem, key: client.key }");
    expect(problems).to.deep.equal([]);
    expect(destination?.tls).to.be.an("object");
    expect((await readTls("{ ca: ca.pem }")).problems).to.deep.equal([]);
  });

  it("names each file that is missing, of another kind, or does not belong to the other", async () => {
    const messageFor = async (...args: Parameters<typeof readTls>) => {
      const { destination, problems } = await readTls(...args);
      expect(destination).to.equal(undefined);
      return problems.join("\n");
    };
    expect(await messageFor("{ ca: none.pem }")).to.match(
      /^c\.yaml:7:16: `destinations\.crm\.tls\.ca`: cannot be read \(ENOENT/,
    );
    expect(await messageFor("{ ca: garbage.pem }")).to.include("tls.ca`: holds no certificate in PEM");
    expect(await messageFor("{ cert: client.pem, key: other.key }")).to.include(
      "tls.key`: is no private key in PEM that belongs to `cert`",
    );
    expect(await messageFor("{ cert: client.pem, key: garbage.pem }")).to.include(
      "tls.key`: is no private key",
    );
    expect(await messageFor("{ cert: client.pem }")).to.include("`cert` and `key` go together");
    expect(await messageFor("{ ca: ca.pem }", "http://crm.internal/")).to.include(
      "is for https, and `url` is not",
    );
    expect(
      (await messageFor("{ ca: none.pem, cert: garbage.pem, key: client.key }")).split("\n"),
    ).to.have.length(2);
  });
});
