import {
  type Bridge,
  configText,
  FORM,
  SECRET,
  signedByLumin,
  startBridge,
  startReceiver,
  TOKEN,
} from "../support/bridge.ts";
import { until } from "../support/until.ts";
import { withTokens } from "./visitor.ts";

/** A bridge with something on every screen, and texts of a stranger who means no good. */

export const EVIL = `<img src=x onerror="document.title='evil'">`;
/** With a right-to-left override, an escape of a terminal, and a line break. */
export const TRICKY = `Deed \u202egnihton\u202c \u001b[31mred\u001b[0m\nnext & "last"`;
export const PERSON = { name: "Grace Hopper", email: "grace@example.com" };

export interface Filled {
  bridge: Bridge;
  /** Of an event that was delivered. */
  event: string;
  /** Their ids; `evil` and `tricky` by their titles. */
  documents: { evil: string; tricky: string };
}

export function luminPost(id: string, title: string, type: string, at: number, status = "PENDING"): string {
  return JSON.stringify({
    event: { event_type: `signature_request_${type}`, event_time: at },
    signature_request: {
      ...{ signature_request_id: id, title, status },
      signers: [{ id: `signer-of-${id}`, name: PERSON.name, email_address: PERSON.email, status }],
    },
  });
}

/** Two documents over two sources; crm takes all, erp refuses and parks. */
export async function filledBridge(): Promise<Filled> {
  const [crm, erp] = [await startReceiver(), await startReceiver(() => 422)];
  const destinations = `destinations:
  crm: { url: "${crm.url}", secrets: ["${SECRET}"] }
  erp: { url: "${erp.url}", secrets: ["${SECRET}"], events: ["document.*"], parkOn: [422] }`;
  const text = withTokens(configText(destinations)).replace(
    "admin: { port: 0",
    "admin: { port: 0, name: production",
  );
  const bridge = await startBridge(text);
  const now = Date.now();
  const post = async (body: string) => {
    await bridge.post("/in/lumin/account", body, signedByLumin(body));
  };
  await post(luminPost("doc-evil", EVIL, "created", now - 90_000));
  await post(luminPost("doc-evil", EVIL, "approved", now - 30_000, "APPROVED"));
  await post(luminPost("doc-tricky", TRICKY, "created", now - 86_400_000));
  for (const _ of ["first", "again"])
    await bridge.post(`/in/legalesign/upon?token=${TOKEN}`, "uuid=d1&event=100", FORM);
  await bridge.post("/in/lumin/account", "{}", signedByLumin("{}", "wrong"));
  await until(async () => {
    const { body } = await admin(bridge, "/api/v1/destinations");
    return body.items.every(({ open }: { open: number }) => open === 0);
  }, "every delivery is final");
  const { body } = await admin(bridge, "/api/v1/events?document=doc-evil&order=oldest");
  return { bridge, event: body.items[0].id, documents: { evil: "doc-evil", tricky: "doc-tricky" } };
}

function admin(bridge: Bridge, path: string) {
  return bridge.admin(path, { authorization: "Bearer the-single-token-of-old" });
}
