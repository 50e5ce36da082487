import { createHmac } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { expect } from "chai";
import {
  type Answer,
  type Bridge,
  SECRET,
  startBridge,
  startReceiver,
  TOKEN,
  tidy,
} from "../support/bridge.ts";
import { only } from "../support/only.ts";

/** Shipped mappings behind a real bridge: genuine posts are delivered once, and all others are refused. */

interface Post {
  /** The part of the URL after `/in/<provider>/<channel>`. */
  path: string;
  headers: Record<string, string>;
  body: string;
}

type Change = (post: Post) => Post;

interface Case {
  provider: string;
  channel: string;
  /** The channel's lines in the configuration. */
  credentials: string;
  /** The fixture that is posted, and the types that the receiver gets. */
  post: string;
  types: readonly string[];
  signer: string;
  /** Forgeries without the credentials, by name. */
  forged: Readonly<Record<string, Change>>;
}

const YOUSIGN_KEY = "0123456789abcdef0123456789abcdef";
const CLIENT_ID = "CBJexample";

const withoutToken: Change = (post) => ({ ...post, path: "" });
const withAnotherToken: Change = (post) => ({ ...post, path: "?token=another-token" });
const replacing =
  (from: string, to: string): Change =>
  (post) => ({ ...post, body: post.body.replace(from, to) });
const without =
  (header: string): Change =>
  ({ headers, ...post }) => ({
    ...post,
    headers: Object.fromEntries(Object.entries(headers).filter(([name]) => name !== header)),
  });
const withHeader =
  (header: string, value: string): Change =>
  (post) => ({ ...post, headers: { ...post.headers, [header]: value } });

const YOUSIGN = {
  provider: "yousign",
  channel: "webhook",
  credentials: `{ secrets: ["${YOUSIGN_KEY}"] }`,
};

const CASES: readonly Case[] = [
  {
    provider: "adobe-acrobat-sign",
    channel: "webhook",
    credentials: `{ token: ${TOKEN}, allowed: [${CLIENT_ID}, UB7E5BXCXY] }`,
    post: "signed",
    types: ["esign.signer.signed"],
    signer: "bo@example.com",
    forged: {
      "without the token": withoutToken,
      "with another token": withAnotherToken,
      "without a client id": without("x-adobesign-clientid"),
      "with another client id": withHeader("x-adobesign-clientid", "CBJanother"),
    },
  },
  {
    provider: "signwell",
    channel: "webhook",
    credentials: `{ token: ${TOKEN}, secrets: [a1b2c3d4-0000-4000-8000-000000000001] }`,
    post: "signed",
    types: ["esign.signer.signed"],
    signer: "d-1/1",
    forged: {
      "with another type": replacing("document_signed", "document_completed"),
      "with another time": replacing("1767225600", "1767225601"),
      // The hash covers neither document nor signer: the token has to.
      "with another document and without the token": (post) => withoutToken(replacing("d-1", "d-3")(post)),
      "with another token": withAnotherToken,
    },
  },
  {
    provider: "xodo-sign",
    channel: "account",
    credentials: `{ token: ${TOKEN}, secrets: [example-access-key] }`,
    post: "sent",
    types: ["esign.document.sent", "esign.signer.sent"],
    signer: "uXIgEXAMPLE/1",
    forged: {
      "with another type": replacing("document_sent", "document_completed"),
      "with another time": replacing("1767225601", "1767225602"),
      "with another document and without the token": (post) => withoutToken(replacing("uXIg", "uXIh")(post)),
      "with another token": withAnotherToken,
    },
  },
  {
    ...YOUSIGN,
    post: "signer-done",
    types: ["esign.signer.signed"],
    signer: "6f2b5c1e-0000-4000-8000-00000000000b",
    forged: {
      "with another body": replacing("signer.done", "signer.declined"),
      "without the signature": without("x-yousign-signature-256"),
      "signed with another key": (post) =>
        withHeader("x-yousign-signature-256", `sha256=${hex(post.body, "another")}`)(post),
      "without the prefix": (post) =>
        withHeader("x-yousign-signature-256", hex(post.body, YOUSIGN_KEY))(post),
    },
  },
  {
    provider: "zoho-sign",
    channel: "webhook",
    credentials: "{ secrets: [whsec_example] }",
    post: "signed",
    types: ["esign.signer.signed"],
    signer: "184612000000084005",
    forged: {
      "with the id of the next request": replacing("184612000000084001", "184612000000084002"),
      "without the signature": without("x-zs-webhook-signature"),
      "signed in hexadecimal": (post) =>
        withHeader("x-zs-webhook-signature", hex(post.body, "whsec_example"))(post),
    },
  },
];

for (const { provider, channel, credentials, post, types, signer, forged } of CASES) {
  describe(`posts of ${provider}`, () => {
    afterEach(tidy);

    const genuine: Post = {
      ...fixture(provider, post),
      path: credentials.includes("token") ? `?token=${TOKEN}` : "",
    };
    const send = (bridge: Bridge, { path, headers, body }: Post) =>
      bridge.post(`/in/${provider}/${channel}${path}`, body, headers);

    it(`reach a receiver as ${types.join(" and ")} once, however often they are sent`, async () => {
      const receiver = await startReceiver();
      const bridge = await startBridge(configOf({ provider, channel, credentials }, receiver.url));
      for (let time = 1; time <= 3; time++) expect((await send(bridge, genuine)).status).to.equal(200);
      expect((await eventsOf(bridge)).length).to.equal(types.length);
      const deliveries = await receiver.got(types.length);
      expect(deliveries.map(({ json }) => json.type)).to.deep.equal(types);
      const last = deliveries.at(-1)?.json.data;
      expect([last.provider, last.channel]).to.deep.equal([provider, channel]);
      expect([last.signer.id, last.signer.email]).to.include(signer);
    });

    for (const [what, change] of Object.entries(forged)) {
      it(`are refused ${what}`, async () => {
        const bridge = await startBridge(configOf({ provider, channel, credentials }));
        const changed = change(genuine);
        expect(changed).not.to.deep.equal(genuine);
        const answer = await send(bridge, changed);
        expect([answer.status, answer.body.error]).to.deep.equal([401, "bad_signature"]);
        expect(await eventsOf(bridge)).to.deep.equal([]);
      });
    }
  });
}

describe("signatures of different documents", () => {
  afterEach(tidy);

  const pairs = [
    ["signwell", "signed", "signed-another-document-in-the-same-second"],
    ["zoho-sign", "signed", "a-request-with-the-next-ids"],
  ] as const;
  for (const [provider, ...names] of pairs) {
    it(`are two events of ${provider}, in one second and with similar ids`, async () => {
      const of = only(CASES.filter((one) => one.provider === provider));
      const bridge = await startBridge(configOf(of));
      for (const name of names) {
        const { body, headers } = fixture(provider, name);
        const answer = await bridge.post(`/in/${provider}/webhook?token=${TOKEN}`, body, headers);
        expect(answer.body).to.deep.include({ events: 1, duplicates: 0, problem: null });
      }
    });
  }
});

describe("Adobe Acrobat Sign", () => {
  afterEach(tidy);

  const start = () =>
    startBridge(
      configOf({
        provider: "adobe-acrobat-sign",
        channel: "webhook",
        credentials: `{ token: ${TOKEN}, allowed: [${CLIENT_ID}] }`,
      }),
    );
  const ask = async (bridge: Bridge, path: string, clientId: string) => {
    const headers = { "X-AdobeSign-ClientId": clientId };
    const response = await fetch(`${bridge.url}/in/adobe-acrobat-sign/webhook${path}`, { headers });
    return { status: response.status, echo: echoOf(response), text: await response.text() };
  };

  it("gets its client id back in the header and in JSON when it verifies the URL", async () => {
    const { status, echo, text } = await ask(await start(), `?token=${TOKEN}`, CLIENT_ID);
    expect([status, echo, JSON.parse(text)]).to.deep.equal([
      200,
      CLIENT_ID,
      { xAdobeSignClientId: CLIENT_ID },
    ]);
  });

  it("gets no client id back that is not configured, nor without the token", async () => {
    const bridge = await start();
    for (const [path, id] of [
      [`?token=${TOKEN}`, "CBJanother"],
      ["", CLIENT_ID],
      ["?token=another-token", CLIENT_ID],
    ] as const) {
      const { status, echo, text } = await ask(bridge, path, id);
      expect([status, echo, text.includes(id)]).to.deep.equal([401, null, false]);
    }
  });

  it("gets its client id back for every post, also an ignored or unreadable one", async () => {
    const bridge = await start();
    const { headers, body } = fixture("adobe-acrobat-sign", "signed");
    const ignored = fixture("adobe-acrobat-sign", "web-form-created").body;
    for (const text of [body, body, ignored, "{"]) {
      const answer = await bridge.post(`/in/adobe-acrobat-sign/webhook?token=${TOKEN}`, text, headers);
      expect([answer.status, echoOf(answer)]).to.deep.equal([200, CLIENT_ID]);
    }
  });

  it("can restart an agreement, which is then signed again", async () => {
    const bridge = await start();
    const { headers, body } = fixture("adobe-acrobat-sign", "signed");
    const again = body.replace("2026-01-02T10:00:00Z", "2026-01-05T10:00:00Z");
    for (const text of [body, fixture("adobe-acrobat-sign", "restarted").body, again, again])
      await bridge.post(`/in/adobe-acrobat-sign/webhook?token=${TOKEN}`, text, headers);
    const events = await eventsOf(bridge);
    const bo = events.map(({ type, signers }) => [type, signers[0].email, signers[0].status]);
    expect(bo).to.deep.equal([
      ["signer.signed", "bo@example.com", "signed"],
      ["unknown", "bo@example.com", null],
      ["signer.signed", "bo@example.com", "signed"],
    ]);
  });
});

describe("Yousign", () => {
  afterEach(tidy);

  it("can reactivate an expired request, which then ends as completed", async () => {
    const bridge = await startBridge(configOf(YOUSIGN));
    const changes = [
      ["signature_request.expired", 0],
      ["signature_request.reactivated", 300],
      ["signer.done", 540],
      ["signature_request.done", 600],
    ] as const;
    for (const [name, after] of changes) {
      const body = JSON.stringify({
        event_name: name,
        event_time: String(1_767_225_600 + after),
        sandbox: false,
        data: {
          signature_request: { id: "request-1" },
          ...(name === "signer.done" && { signer: { id: "b" } }),
        },
      });
      const headers = { "x-yousign-signature-256": `sha256=${hex(body, YOUSIGN_KEY)}` };
      expect((await bridge.post("/in/yousign/webhook", body, headers)).status).to.equal(200);
    }
    const events = await eventsOf(bridge);
    expect(events.map(({ type, document }) => [type, document.status])).to.deep.equal([
      ["document.expired", "expired"],
      ["unknown", null],
      ["signer.signed", null],
      ["document.completed", "completed"],
      ["document.downloadable", "completed"],
    ]);
  });

  it("leaves a signer as having viewed, though later posts list them as notified", async () => {
    const bridge = await startBridge(configOf(YOUSIGN));
    for (const name of ["link-opened", "identification-blocked"]) {
      const { body, headers } = fixture("yousign", name);
      await bridge.post("/in/yousign/webhook", body, headers);
    }
    const events = await eventsOf(bridge);
    expect(events.map(({ signer }) => signer.status)).to.deep.equal(["viewed", "viewed"]);
  });
});

describe("Xodo Sign", () => {
  afterEach(tidy);

  it("has one event for a document sent to several, and one for its cancellation", async () => {
    const bridge = await startBridge(
      configOf({
        provider: "xodo-sign",
        channel: "account",
        credentials: `{ token: ${TOKEN}, secrets: [example-access-key] }`,
      }),
    );
    for (const name of ["sent", "sent-to-the-second", "revoked", "cancelled"]) {
      const { body, headers } = fixture("xodo-sign", name);
      await bridge.post(`/in/xodo-sign/account?token=${TOKEN}`, body, headers);
    }
    const events = await eventsOf(bridge);
    expect(events.map(({ type, signer }) => [type, signer?.name ?? null])).to.deep.equal([
      ["document.sent", null],
      ["signer.sent", "Bo Reed"],
      ["signer.sent", "Cy Hale"],
      ["document.canceled", null],
    ]);
  });
});

function hex(text: string, key: string): string {
  return createHmac("sha256", key).update(text).digest("hex");
}

function echoOf({ headers }: { headers: Headers } | Answer): string | null {
  return headers.get("x-adobesign-clientid");
}

function fixture(provider: string, name: string): Pick<Post, "headers" | "body"> {
  const folder = new URL(`../fixtures/${provider}/${name}/`, import.meta.url);
  const file = only(readdirSync(folder).filter((one) => one.startsWith("body")));
  const { headers } = JSON.parse(readFileSync(new URL("request.json", folder), "utf8"));
  return { headers, body: readFileSync(new URL(file, folder), "utf8") };
}

function configOf(
  { provider, channel, credentials }: Pick<Case, "provider" | "channel" | "credentials">,
  receiver?: string,
): string {
  return `
server: { host: 127.0.0.1, port: 0 }
admin: { port: 0 }
store: sqlite:./countersign.db
log: { level: silent }
sources: { ${provider}: { mapping: ${provider}, channels: { ${channel}: ${credentials} } } }
destinations: ${receiver ? `{ crm: { url: "${receiver}", secrets: ["${SECRET}"] } }` : "{}"}
`;
}

/** All events, in the order recorded. */
async function eventsOf(bridge: Bridge) {
  const { body } = await bridge.admin("/api/v1/events?order=oldest");
  // biome-ignore lint/suspicious/noExplicitAny: whatever the admin API shows; the test says what it expects
  return body.items as any[];
}
