import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { expect } from "chai";
import type Koa from "koa";
import { parseConfig } from "../../src/config.ts";
import { type AdminParts, createAdmin } from "../../src/web/admin.ts";
import { aWindow, compareWindow } from "../parity/window.ts";
import {
  aFolder,
  configText,
  FORM,
  SECRET,
  startBridge,
  startReceiver,
  TOKEN,
  tidy,
} from "../support/bridge.ts";

/**
 * docs/admin-api.md has every route under a heading of the third level, with an answer as the first JSON
 * below it.
 */

const PAGE = readFileSync(new URL("../../docs/admin-api.md", import.meta.url), "utf8");

/** By `METHOD /path`. */
const sections = new Map(
  [...PAGE.matchAll(/^### `([A-Z]+ [^`]+)`\n(.*?)(?=^##|$(?![\s\S]))/gms)].map(
    ([, route = "", text = ""]) => [route, /^```json\n(.*?)^```$/ms.exec(text)?.[1] ?? null],
  ),
);

/** Every route of the listener, as the routers themselves list them. */
function routesOf(app: Koa): string[] {
  return app.middleware.flatMap((layer) => {
    const { router } = layer as { router?: { stack: { path: string; methods: string[] }[] } };
    const named = router?.stack.filter(({ methods }) => methods.length > 0) ?? [];
    return named.flatMap(({ path, methods }) =>
      methods.filter((method) => method !== "HEAD").map((method) => `${method} ${path}`),
    );
  });
}

describe("docs/admin-api.md", () => {
  it("has exactly the routes of the listener", () => {
    const routes = routesOf(createAdmin({ hosts: null } as AdminParts));
    expect(routes).to.include("GET /livez").and.include("POST /api/v1/reload");
    expect([...sections.keys()]).to.have.members(routes);
  });

  describe("shows the members of real answers:", () => {
    let answers: ReadonlyMap<string, unknown>;
    before(async () => {
      answers = await askAll();
    });
    after(tidy);

    for (const [route, example] of sections) {
      if (example === null) continue;
      it(route, () => {
        expect(answers.has(route), "it was asked").to.equal(true);
        expect(differences(JSON.parse(example), answers.get(route))).to.deep.equal([]);
      });
    }
  });
});

/**
 * Members that only one of the two has, by path. Of lists the first elements are compared; "…" stands for
 * anything.
 */
function differences(example: unknown, answer: unknown, path = ""): string[] {
  if (example === "…") return [];
  if (Array.isArray(example) && Array.isArray(answer))
    return example.length === 0 || answer.length === 0 ? [] : differences(example[0], answer[0], `${path}[]`);
  const [shown, real] = [membersOf(example), membersOf(answer)];
  if (shown === null || real === null)
    return (shown === null) === (real === null) || example === null || answer === null ? [] : [path];
  const keys = [...new Set([...Object.keys(shown), ...Object.keys(real)])];
  return keys.flatMap((key) => {
    const below = `${path}.${key}`;
    if (!(key in real)) return [`${below} is only shown`];
    return key in shown ? differences(shown[key], real[key], below) : [`${below} is not shown`];
  });
}

const membersOf = (value: unknown) =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? (Object.fromEntries(Object.entries(value)) as Record<string, unknown>)
    : null;

/** Asks a bridge with rows in every table for each route. */
async function askAll(): Promise<ReadonlyMap<string, unknown>> {
  const receiver = await startReceiver();
  const to = `{ url: "${receiver.url}", secrets: ["${SECRET}"] }`;
  const text = `${configText(`destinations: { crm: ${to} }`)}alerts: { ops: ${to} }
`;
  const folder = aFolder();
  const load = () => parseConfig(text, join(folder, "countersign.yaml"), {});
  const bridge = await startBridge(text, { folder, load });
  const get = async (path: string) => (await bridge.admin(path)).body;
  const send = async (path: string, body: object) => {
    const init = { method: "POST", headers: { "content-type": "application/json" } };
    return (await fetch(`${bridge.adminUrl}${path}`, { ...init, body: JSON.stringify(body) })).json();
  };
  const post = (path: string, body: object = {}) => send(path, { reason: "a test", ...body });

  const path = `/in/legalesign/batch?token=${TOKEN}`;
  for (const _ of ["new", "repeated"]) await bridge.post(path, finished("d1"), FORM);
  await bridge.post("/in/legalesign/batch?token=wrong", finished("d1"), FORM);
  await receiver.got(1);
  const answers = new Map<string, unknown>();
  for (const list of ["deliveries?status=delivered", "events", "documents", "receipts", "rejections"]) {
    const [name = ""] = list.split("?");
    const page = await untilFilled(() => get(`/api/v1/${list}`));
    answers.set(`GET /api/v1/${name}`, page);
    answers.set(`GET /api/v1/${name}/:id`, await get(`/api/v1/${name}/${page.items[0]?.id}`));
  }
  for (const open of ["/livez", "/readyz", "/api/v1/destinations"])
    answers.set(`GET ${open}`, await get(open));
  answers.set("GET /api/v1/explain/:id", await get("/api/v1/explain/d1"));

  const crm = "/api/v1/destinations/crm";
  answers.set("POST /api/v1/destinations/:name/pause", await post(`${crm}/pause`));
  await bridge.post(path, finished("d2"), FORM);
  const waiting = await untilFilled(() => get("/api/v1/deliveries?status=pending"));
  const skipped = await post(`/api/v1/deliveries/${waiting.items[0]?.id}/skip`);
  answers.set("POST /api/v1/deliveries/:id/skip", skipped);
  const acknowledged = await post(`/api/v1/deliveries/${waiting.items[0]?.id}/acknowledge`);
  answers.set("POST /api/v1/deliveries/:id/acknowledge", acknowledged);
  const all = await post("/api/v1/deliveries/acknowledge", { destination: "crm" });
  answers.set("POST /api/v1/deliveries/acknowledge", all);
  const counted = await get("/api/v1/deliveries/groups?group=destination,cause");
  answers.set("GET /api/v1/deliveries/groups", counted);
  answers.set("POST /api/v1/destinations/:name/resume", await post(`${crm}/resume`));
  answers.set("POST /api/v1/destinations/:name/test", await post(`${crm}/test`));
  answers.set("POST /api/v1/replays", await post("/api/v1/replays", { destination: "crm" }));
  const [receipt] = (await get("/api/v1/receipts")).items;
  answers.set("POST /api/v1/requests/:id/reprocess", await post(`/api/v1/requests/${receipt?.id}/reprocess`));
  for (const plain of ["/api/v1/reprocess", "/api/v1/reload"])
    answers.set(`POST ${plain}`, await post(plain));
  const about = { source: "legalesign", finding: `par_${"0".repeat(26)}` };
  const parity = "/api/v1/parity";
  answers.set(`POST ${parity}/exceptions`, await post(`${parity}/exceptions`, about));
  answers.set(`POST ${parity}/disclosures`, await post(`${parity}/disclosures`, { old: "a", new: "b" }));
  const report = await compareWindow(aWindow({ documents: 12, channels: ["batch", "realtime"] }), {
    ...{ old: ["batch"], new: ["realtime"] },
  });
  answers.set(`POST ${parity}/reports`, await send(`${parity}/reports`, report));
  for (const list of ["reports", "exceptions"])
    answers.set(`GET ${parity}/${list}`, await get(`${parity}/${list}`));
  answers.set("GET /api/v1/tallies", await get("/api/v1/tallies"));
  const unreadable = "data=nothing";
  await bridge.post(path, unreadable, FORM);
  const concerns = await get("/api/v1/concerns");
  answers.set("GET /api/v1/concerns", concerns);
  const known = await post("/api/v1/concerns/acknowledge", { id: concerns.items[0]?.id, until: "2d" });
  answers.set("POST /api/v1/concerns/acknowledge", known);
  answers.set("POST /api/v1/alerts/:name/test", await post("/api/v1/alerts/ops/test"));
  answers.set("GET /api/v1/audit", await get("/api/v1/audit?order=oldest"));
  return answers;
}

interface Page {
  items: readonly { id: string }[];
}

async function untilFilled(ask: () => Promise<Page>): Promise<Page> {
  for (;;) {
    const page = await ask();
    if (page.items.length > 0) return page;
    await setTimeout(10);
  }
}

/** A batch of Legalesign that reports that a document can be downloaded. */
function finished(document: string): string {
  const timestamp = "2022-07-11T07:29:09+00:00";
  const item = { value: "100", timestamp, resource_uri: `/api/v1/document/${document}/`, name: "status" };
  return `data=${encodeURIComponent(JSON.stringify([item]))}`;
}
