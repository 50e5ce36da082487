import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import { expect } from "chai";
import { pino } from "pino";
import {
  type Bridge,
  FORM,
  LUMIN_KEY,
  listenUntilTidy,
  SECRET,
  signedByLumin,
  startBridge,
  TOKEN,
  tidy,
} from "../support/bridge.ts";
import { until } from "../support/until.ts";

/**
 * Secrets planted wherever a request can hold one, genuine and forged: none of them, and none of the
 * configuration, may stand in a log line, an answer, a metric, or in what the API shows of it, but for the
 * bytes of the body itself.
 */

const PLANTED = /planted|pl%61nted/;
const BEARER = "bearer-of-the-receiver-77";
const BASIC = "password-of-the-provider";
const ADMIN = "admin-token-of-the-bridge";
const API_KEY = "dropbox-api-key-of-the-account";
const SENT = "what-dropbox-sends-with-each";
const CONFIGURED = [SENT, LUMIN_KEY, TOKEN, SECRET, BEARER, BASIC, ADMIN, API_KEY];

const text = (url: string) => `
server: { host: 127.0.0.1, port: 0 }
admin: { port: 0, token: ${ADMIN} }
store: sqlite:./countersign.db
sources:
  lumin: { mapping: lumin, channels: { account: { secrets: [${LUMIN_KEY}] } } }
  legalesign: { mapping: legalesign, channels: { upon: { token: ${TOKEN} }, batch: { token: ${TOKEN} } } }
  dropbox:
    mapping: dropbox-sign
    channels: { account: { secrets: [${API_KEY}], headers: { X-Sent: [${SENT}] } } }
  docusign:
    mapping: docusign
    channels: { connect: { secrets: [${LUMIN_KEY}], basic: { user: connect, password: ${BASIC} } } }
destinations:
  crm: { url: "${url}?key=planted-in-the-url", secrets: ["${SECRET}"], auth: { bearer: ${BEARER} } }
shutdown: 0s
`;

/** A receiver whose error page shows the request that it got. */
async function startEcho(): Promise<{ url: string; asked: Promise<void> }> {
  const asked = Promise.withResolvers<void>();
  const server = createServer((request, response) => {
    response.writeHead(500).end(JSON.stringify(request.headers), () => asked.resolve());
    request.resume();
  });
  const address = await listenUntilTidy(server);
  return { url: `${address}/hook`, asked: asked.promise };
}

const SECRET_HEADERS = {
  "x-api-key": "planted-1",
  "x-auth-token": "planted-2",
  cookie: "session=planted-3",
  referer: "https://user:planted-4@bridge.example/in/lumin/account/planted-5?access_token=planted-6",
  "x-original-uri": "/in/legalesign/batch/planted-7",
  "x-forwarded-client-cert": "planted-8",
};
const QUERY = "access_token=planted-9&api_key=planted-10";
const MEMBERS = {
  access_token: "planted-11",
  meta: { secret: "planted-12", url: "https://x/?t=planted-13" },
};

const LUMIN_BODY = JSON.stringify({
  event: { event_type: "signature_request_sent", event_time: 1_772_442_840_000 },
  signature_request: { signature_request_id: "r1", title: "Lease", ...MEMBERS },
});
const BATCH_BODY = `planted=planted-14&data=${encodeURIComponent(
  JSON.stringify([
    ...[
      {
        value: "10",
        timestamp: "2022-07-11T07:28:25+00:00",
        resource_uri: "/api/v1/document/d1/",
        ...MEMBERS,
      },
    ],
    ...[
      { value: "10", timestamp: "planted-15", resource_uri: "/api/v1/document/d1/" },
      "planted-16",
      MEMBERS,
    ],
  ]),
)}`;
const event = { event_type: "signature_request_sent", event_time: "1772442840" };
const hash = createHmac("sha256", API_KEY)
  .update(event.event_time + event.event_type)
  .digest("hex");
const DROPBOX_BODY = [
  ...["--b", 'Content-Disposition: form-data; name="planted"', "", "planted-17"],
  ...["--b", 'Content-Disposition: form-data; name="json"', ""],
  JSON.stringify({
    ...{
      event: { ...event, event_hash: hash },
      signature_request: { signature_request_id: "r2" },
      ...MEMBERS,
    },
  }),
  ...["--b--", ""],
].join("\r\n");
const MULTIPART = { "content-type": "multipart/form-data; boundary=b" };
const basic = (password: string) => ({
  authorization: `Basic ${Buffer.from(`connect:${password}`).toString("base64")}`,
});

/** Path, body and headers; genuine ones first. */
const POSTS: readonly [status: number, path: string, body: string, headers: Record<string, string>][] = [
  [200, `/in/lumin/account?${QUERY}`, LUMIN_BODY, signedByLumin(LUMIN_BODY)],
  [200, `/in/legalesign/batch?token=${TOKEN}&${QUERY}`, BATCH_BODY, FORM],
  [200, `/in/legalesign/upon/${TOKEN}?trigger=signed&${QUERY}`, "uuid=d2&secret=planted-18", FORM],
  [200, `/in/dropbox/account?${QUERY}`, DROPBOX_BODY, { ...MULTIPART, "x-sent": SENT }],
  [401, "/in/dropbox/account", DROPBOX_BODY, { ...MULTIPART, "x-sent": "planted-18b" }],
  [200, "/in/lumin/account", "planted-19 {", signedByLumin("planted-19 {")],
  [401, `/in/lumin/account?${QUERY}`, LUMIN_BODY, { "x-signature": "forged" }],
  [401, "/in/lumin/account", LUMIN_BODY, {}],
  [401, `/in/legalesign/batch?token=planted-21&${QUERY}`, BATCH_BODY, FORM],
  [401, "/in/legalesign/batch/planted-22", BATCH_BODY, FORM],
  [401, "/in/dropbox/account", DROPBOX_BODY.replace(hash, "planted-23"), MULTIPART],
  [401, "/in/docusign/connect", "{}", basic("planted-24")],
  [404, "/in/planted-25/planted-26/planted-27", "{}", {}],
  [404, "/planted-28?planted-29", "{}", {}],
  [404, "/in/lumin/account/%E0%A4%A/planted", "{}", {}],
];

/** A list as the API shows it, without the bytes of bodies. */
async function shown(bridge: Bridge, path: string): Promise<string> {
  const { status, body } = await bridge.admin(path, { authorization: `Bearer ${ADMIN}` });
  expect(status, path).to.equal(200);
  return JSON.stringify(body, (key, value) => (key === "body" ? undefined : value));
}

describe("secrets in requests", () => {
  afterEach(tidy);

  it("are in no log line, answer, metric, list or explanation", async () => {
    const lines: string[] = [];
    const logger = pino({ level: "trace" }, { write: (line) => void lines.push(line) });
    const echo = await startEcho();
    const bridge = await startBridge(text(echo.url), { logger });
    const said: [where: string, text: string][] = [];
    for (const [status, path, body, headers] of POSTS) {
      const answer = await bridge.post(path, body, { ...SECRET_HEADERS, ...headers });
      expect(answer.status, path).to.equal(status);
      said.push([`the answer to ${path.slice(0, 20)}`, JSON.stringify([answer.body, [...answer.headers]])]);
    }
    await echo.asked;
    await until(async () => {
      const { items } = JSON.parse(await shown(bridge, "/api/v1/deliveries?order=oldest"));
      return items.some((one: { attempts: number }) => one.attempts > 0);
    }, "an attempt is recorded");

    const lists = ["events", "receipts", "rejections", "documents", "deliveries", "destinations", "audit"];
    for (const list of lists) said.push([list, await shown(bridge, `/api/v1/${list}`)]);
    const idsIn = (list: string) =>
      [...(said.find(([where]) => where === list)?.[1] ?? "").matchAll(/"id":"((?:evt|rcp|dlv)_\w+)"/g)].map(
        ([, id = ""]) => id,
      );
    const ids = ["events", "receipts", "deliveries"].flatMap(idsIn);
    expect(ids.length).to.be.greaterThan(8);
    for (const id of [...ids, "r1", "d1"])
      said.push([`explain ${id}`, await shown(bridge, `/api/v1/explain/${id}`)]);
    for (const id of idsIn("receipts"))
      said.push([`receipt ${id}`, await shown(bridge, `/api/v1/receipts/${id}`)]);
    for (const id of idsIn("events")) said.push([`event ${id}`, await shown(bridge, `/api/v1/events/${id}`)]);
    for (const path of ["/metrics", "/readyz", "/livez"]) said.push([path, await shown(bridge, path)]);
    await bridge.stop();
    said.push(...lines.map((line): [string, string] => ["the log", line]));

    expect(lines.length).to.be.greaterThan(POSTS.length - 3);
    for (const [where, one] of said) {
      expect(one, where).not.to.match(PLANTED);
      for (const secret of CONFIGURED) expect(one, where).not.to.include(secret);
    }
  });

  it("and other texts of the payload make no label of a metric", async () => {
    const bridge = await startBridge();
    const item = { value: "777", timestamp: "2022-07-11T07:28:25+00:00", resource_uri: "/api/v1/planted/1/" };
    const body = `data=${encodeURIComponent(JSON.stringify([item]))}`;
    expect((await bridge.post(`/in/legalesign/batch?token=${TOKEN}`, body, FORM)).body.events).to.equal(1);
    const metrics = (await bridge.admin("/metrics")).body;
    expect(metrics).to.include('countersign_unmapped_total{source="legalesign",object="other"} 1');
    expect(metrics).not.to.include("planted");
  });
});
