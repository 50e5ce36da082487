import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { footerLine, type Header, headerLine, rowLine } from "../../src/backup/ndjson.ts";
import { parseConfig } from "../../src/config.ts";
import { concealEnvelope, withoutCredentials } from "../../src/inbound/private.ts";
import { privacyBy, privacyOf } from "../../src/inbound/private-names.ts";
import { TABLES } from "../../src/store/rows.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { configFileFor } from "../cli/operator.ts";
import { runCommand } from "../cli/terminal.ts";
import {
  aFolder,
  configText,
  FORM,
  LUMIN_KEY,
  signedByLumin,
  startBridge,
  TOKEN,
  tidy,
} from "../support/bridge.ts";
import { aReceipt, aRecordRequest } from "../support/builders.ts";
import { growthOf, MAX_LINEAR_GROWTH } from "../support/growth.ts";
import { aRequest, channelOf, shipped } from "./posts.ts";

const storedOf = async (given: Parameters<typeof aRequest>[0], privateNames: readonly string[] = []) =>
  withoutCredentials(aRequest(given), privacyOf({ ...(await shipped("lumin", "account")), privateNames }));

const storeIn = (folder: string, file = "countersign.db") =>
  openSqliteStore({ file: join(folder, file), token: () => "token" });

/** Posts a mapping that reads its signature from a header with a name like a secret's. */
const ODD = `
provider: acme
title: Acme
channels: { main: { title: Webhook } }
verify:
  - hmac: { hash: sha256, signature: "header:X-Hub-Token", over: ["query:sig", body] }
event: { word: { from: what, table: words } }
tables: { words: { ping: ignore } }
`;

describe("the stored headers and query", () => {
  afterEach(tidy);

  it("hold no header whose name says that it is a secret, in any case and style", async () => {
    const secrets = [
      ...["authorization", "proxy-authorization", "x-original-authorization", "cookie", "set-cookie"],
      ...[
        "x-api-key",
        "apikey",
        "x-apikey-2",
        "x-auth-token",
        "x-access-token",
        "private-token",
        "x-csrf-token",
      ],
      ...[
        "x-amz-security-token",
        "x-webhook-secret",
        "secret",
        "x-password",
        "x-functions-key",
        "x-auth-user",
      ],
      ...["ocp-apim-subscription-key", "cf-access-client-id", "cf-access-jwt-assertion", "x-vercel-oidc"],
      ...["x-forwarded-client-cert", "ssl-client-cert", "x-session-id", "x_api_key", "x-amzn-oidc-data"],
    ];
    const headers = Object.fromEntries(secrets.map((name, index) => [name, `planted-value-${index}`]));
    const stored = await storedOf({ headers });
    expect(stored.headers).to.deep.equal(Object.fromEntries(secrets.map((name) => [name, "(not kept)"])));
  });

  it("hold the headers that are needed to read and check the request again", async () => {
    const headers = {
      "content-type": "application/json",
      "x-signature": "5f2b…",
      "user-agent": "Lumin/1.0",
      "idempotency-key": "k-1",
      "x-request-id": "r-1",
      "webhook-signature": "v1,abc=",
    };
    expect((await storedOf({ headers })).headers).to.deep.equal(headers);
  });

  it("hold no parameter whose name says that it is a secret, and all others", async () => {
    const gone = ["token", "secret", "key", "access_token", "accessToken", "api_key", "apiKey", "API-KEY"];
    const more = ["client_secret", "password", "pwd", "sig", "jwt", "session", "auth"];
    const query = new URLSearchParams([...gone, ...more].map((name): [string, string] => [name, "planted"]));
    query.append("token", "planted again");
    query.append("trigger", "signed");
    query.append("signature", "5f2b");
    expect((await storedOf({ query })).query).to.equal("trigger=signed&signature=5f2b");
  });

  it("hold no token of the URL where a proxy copied the URL into a header", async () => {
    const query = new URLSearchParams("token=the-token-of-the-query&trigger=signed");
    const headers = {
      referer: "https://ada:pass-word@bridge.example/in/lumin/account?access_token=abc&trigger=signed#x",
      "x-original-uri": "/in/lumin/account/the-token-of-the-path?trigger=signed",
      "x-forwarded-uri": "/prefix/in/lumin/account/another",
      "x-envoy-original-path": "/in/lumin/account?token=the-token-of-the-query",
      "x-copy": "the-token-of-the-path, the-token-of-the-query",
      "x-user": "k-e-y-v-a-l-u-e",
      "x-api-key": "k-e-y-v-a-l-u-e",
      forwarded: "for=203.0.113.9;proto=https;secret=abc",
    };
    const stored = await storedOf({ query, headers, pathToken: "the-token-of-the-path" });
    expect(stored).to.deep.equal({
      query: "trigger=signed",
      headers: {
        referer: "https://bridge.example/in/lumin/account?access_token=(not-kept)&trigger=signed#x",
        "x-original-uri": "/in/lumin/account/(not-kept)?trigger=signed",
        "x-forwarded-uri": "/prefix/in/lumin/account/(not-kept)",
        "x-envoy-original-path": "/in/lumin/account?token=(not-kept)",
        "x-copy": "(not-kept), (not-kept)",
        "x-user": "(not-kept)",
        "x-api-key": "(not kept)",
        forwarded: "for=203.0.113.9;proto=https;secret=(not-kept)",
      },
    });
  });

  it("follow the configuration's own names, of which the last match counts", async () => {
    const headers = { "x-tenant": "a", "x-tenant-public": "b", "x-request-token": "c", cookie: "d" };
    const stored = await storedOf({ headers }, [
      "X_Tenant*",
      "!x-tenant-public",
      "!x-request-token",
      "!cookie",
    ]);
    expect(stored.headers).to.deep.equal({
      "x-tenant": "(not kept)",
      "x-tenant-public": "b",
      "x-request-token": "c",
      cookie: "(not kept)",
    });
  });

  it("hold the values that a check needs to verify again, under any name", () => {
    const headers = { "x-hub-token": "5f2b", "x-other-token": "planted" };
    const query = new URLSearchParams("sig=1&key=planted");
    expect(withoutCredentials(aRequest({ headers, query }), privacyOf(channelOf(ODD)))).to.deep.equal({
      query: "sig=1",
      headers: { "x-hub-token": "5f2b", "x-other-token": "(not kept)" },
    });
  });

  it("hold no value that a check compares with a secret, even where the mapping names it", () => {
    const privacy = privacyBy([], {
      secretPlaces: [
        { in: "header", name: "x-acme-client" },
        { in: "query", name: "client" },
      ],
      texts: new Set(["header:x-acme-client", "query:client"]),
    });
    const request = aRequest({
      headers: { "x-acme-client": "planted" },
      query: new URLSearchParams("client=planted"),
    });
    expect(withoutCredentials(request, privacy)).to.deep.equal({
      query: "",
      headers: { "x-acme-client": "(not kept)" },
    });
  });

  it("are concealed in time in proportion to a hostile name", () => {
    const conceal = (length: number) => {
      const name = "a".repeat(length);
      const request = aRequest({ headers: { [name]: "x" } });
      expect(withoutCredentials(request, privacyBy(["*a*a*a*a*b"])).headers[name]).to.equal("(not kept)");
    };
    expect(growthOf(conceal, 250_000)).to.be.below(MAX_LINEAR_GROWTH);
  });

  it("are unchanged when they are concealed again", async () => {
    const stored = await storedOf({
      query: new URLSearchParams("trigger=signed&key=x"),
      headers: { referer: "/in/a/b/c?key=1&x=2", "x-api-key": "k" },
    });
    expect(concealEnvelope(stored, privacyOf(await shipped("lumin", "account")))).to.deep.equal(stored);
  });
});

type Rows = Header["rows"];

describe("headers that are private by now", () => {
  afterEach(tidy);

  const OLD = aReceipt({
    id: "rcp_00000000000000000000000001",
    source: "lumin",
    channel: "account",
    receivedAt: Date.now(),
    query: "api_key=planted-1&mode=x",
    headers: { "x-api-key": "planted-2", "x-signature": "5f2b", referer: "/?key=planted-3" },
  });

  it("of an older receipt are shown neither by the API nor by a capture or an export", async () => {
    const folder = aFolder();
    const store = storeIn(folder);
    const bridge = await startBridge(configText(), { folder, store });
    await store.record(aRecordRequest([], { receipt: OLD }));
    await store.reject(
      {
        ...{
          id: "rej_1",
          source: "lumin",
          channel: "account",
          receivedAt: OLD.receivedAt,
          body: null,
          reason: "no",
        },
        ...{ query: OLD.query, headers: OLD.headers, shown: { token: null, authorization: null } },
      },
      10,
    );
    const file = configFileFor(bridge, configText(), "countersign.yaml");

    const shown = [
      await bridge.admin(`/api/v1/receipts/${OLD.id}`),
      await bridge.admin("/api/v1/receipts"),
      await bridge.admin("/api/v1/rejections"),
      await bridge.admin(`/api/v1/explain/${OLD.id}`),
    ].map(({ body }) => JSON.stringify(body));
    const { stderr } = await runCommand([
      "capture",
      OLD.id,
      "--to",
      join(bridge.folder, "to"),
      "--config",
      file,
    ]);
    expect(stderr).to.equal("");
    shown.push(readFileSync(join(bridge.folder, "to", "request.json"), "utf8"));
    shown.push((await runCommand(["export", "--config", file])).stdout);
    shown.push((await runCommand(["export", "--store", "sqlite:./countersign.db", "--config", file])).stdout);
    for (const text of shown) expect(text).not.to.include("planted");
    for (const index of [0, 1, 2, 4, 5, 6]) expect(shown[index]).to.include("5f2b").and.include("mode=x");
  });

  it("of an older version's export are not stored by an import", async () => {
    const folder = aFolder();
    const file = join(folder, "countersign.yaml");
    writeFileSync(file, configText().replace("countersign.db", "copy.db"));
    const old = { ...OLD, size: 2, events: [], duplicates: [] };
    const rows = Object.fromEntries(TABLES.map((table) => [table, table === "receipts" ? 1 : 0])) as Rows;
    const row = rowLine("receipts", {
      position: 1,
      receipt: { ...old, ...{ body: undefined } },
      body: "e30=",
    });
    writeFileSync(join(folder, "old.ndjson"), headerLine({ at: 1, rows }) + row + footerLine(1));
    const { code, stderr } = await runCommand(["import", join(folder, "old.ndjson"), "--config", file]);
    expect([code, stderr]).to.deep.equal([0, ""]);
    const store = storeIn(folder, "copy.db");
    const stored = JSON.stringify(await store.findReceipt(OLD.id));
    await store.close();
    expect(stored).to.include("5f2b").and.not.include("planted");
  });

  it("are never stored, of a genuine post or a forged one", async () => {
    const store = storeIn(aFolder());
    const bridge = await startBridge(`${configText()}\nprivateNames: [x-tenant]`, { store });
    const headers = { "x-api-key": "planted-1", "x-tenant": "planted-2", referer: `/in/a/b/${TOKEN}` };
    const path = "/in/lumin/account?api_key=planted-3";
    expect((await bridge.post(path, "{}", { ...signedByLumin("{}"), ...headers })).status).to.equal(200);
    expect((await bridge.post(path, "{}", headers)).status).to.equal(401);
    expect(
      (await bridge.post(`/in/legalesign/batch/${TOKEN}`, "data=[]", { ...FORM, ...headers })).status,
    ).to.equal(200);
    const snapshot = await store.snapshot();
    const rows = [
      ...(await snapshot.rows("receipts", { limit: 10 })).items,
      ...(await snapshot.rows("rejections", { limit: 10 })).items,
    ];
    await snapshot.close();
    expect(rows).to.have.length(3);
    for (const hidden of ["planted", TOKEN, LUMIN_KEY]) expect(JSON.stringify(rows)).not.to.include(hidden);
  });
});

describe("`privateNames`", () => {
  it("accepts names with stars, and nothing else", async () => {
    const problemsOf = async (list: string) =>
      (await parseConfig(`privateNames: ${list}`, "c.yaml", {})).problems.map(({ message }) => message);
    expect(await problemsOf('["x-*", "!x-public", access_token]')).to.deep.equal([]);
    expect((await problemsOf('["a b"]'))[0]).to.include("must be a name such as x-tenant-key");
    expect((await problemsOf("x-tenant"))[0]).to.include("must be a list of names");
  });
});
