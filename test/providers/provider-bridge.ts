import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { aFolder, type Bridge, startBridge } from "../support/bridge.ts";
import { createManualClock } from "../support/clock.ts";

/** A real bridge with the shipped mapping of one provider, and posts signed as by that provider. */

/** 2026-03-02T10:14:05Z, just after the happenings of the fixtures. */
export const NOW = Date.UTC(2026, 2, 2, 10, 14, 5);
const OUTBOUND = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

interface Post {
  body: string;
  query: string;
  headers: Record<string, string>;
}

export interface Provider {
  secret: string;
  /** The provider's request for the body. `at`: seconds since 1970. */
  send(body: string, at: number): Omit<Post, "body">;
  /** The body of a repeated attempt. */
  again?(body: string): string;
  /** The fixture that is posted, and its expected events. */
  fixture: string;
  events: readonly string[];
}

export const hmac = (secret: string, text: string) => createHmac("sha256", secret).update(text);
const header = (name: string, value: string) => ({ query: "", headers: { [name]: value } });

export const PROVIDERS: Readonly<Record<string, Provider>> = {
  boldsign: {
    secret: "boldsign-secret-001",
    send: (body, at) => {
      const signature = hmac("boldsign-secret-001", `${at}.${body}`).digest("hex");
      const old = hmac("boldsign-secret-000", `${at}.${body}`).digest("hex");
      return header("x-boldsign-signature", `t=${at}, s0=${old}, s1=${signature}`);
    },
    fixture: "signed",
    events: ["signer.signed of sig-2 in doc-1"],
  },
  documenso: {
    secret: "dcm-secret-0123456789",
    send: () => header("x-documenso-secret", "dcm-secret-0123456789"),
    again: (body) => body.replace("2026-03-02T10:14:01.000Z", "2026-03-02T10:19:58.000Z"),
    fixture: "signed",
    events: ["signer.signed of 52 in envelope_abcdefghijklmnop"],
  },
  docuseal: {
    secret: "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3",
    send: (body, at) => {
      const signature = hmac("whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3", `${at}.${body}`).digest("hex");
      return header("x-docuseal-signature", `${at}.${signature}`);
    },
    fixture: "declined",
    events: ["signer.declined of 11 in 3", "document.declined in 3"],
  },
  opensign: {
    secret: "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
    send: (body) =>
      header(
        "x-webhook-signature",
        hmac("00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff", body).digest("hex"),
      ),
    fixture: "viewed-at-a-time-in-ist",
    events: ["signer.viewed of sgn_… in abcDEF1234"],
  },
  pandadoc: {
    secret: "panda-shared-key-01",
    send: (body) => ({ query: `?signature=${hmac("panda-shared-key-01", body).digest("hex")}`, headers: {} }),
    fixture: "signed",
    events: ["signer.signed of rec-1 in doc-1"],
  },
  signnow: {
    secret: "signnow-secret-0001",
    send: (body) => header("x-signnow-signature", hmac("signnow-secret-0001", body).digest("base64")),
    again: (body) => body.replace("user.document", "document"),
    fixture: "completed",
    events: [
      "document.completed in 0123456789abcdef0123456789abcdef01234567",
      "document.downloadable in 0123456789abcdef0123456789abcdef01234567",
    ],
  },
};

/** @throws Error: there is no such provider. */
export function providerOf(name: string): Provider {
  const provider = PROVIDERS[name];
  if (!provider) throw new Error(`there is no provider ${name}`);
  return provider;
}

export const bodyOf = (provider: string, name: string) =>
  readFileSync(new URL(`../fixtures/${provider}/${name}/body.json`, import.meta.url), "utf8");

interface ProviderBridge extends Bridge {
  /** Posts the body as the provider does, `seconds` after the time of the clock. */
  send(body: string, seconds?: number): ReturnType<Bridge["post"]>;
  events(): Promise<ShownEvent[]>;
}

interface ShownEvent {
  type: string;
  signer: { id: string } | null;
  document: { id: string; status: string | null } | null;
}

export const clockAt = (ms = NOW) => createManualClock(ms);

export async function startProvider(
  provider: string,
  {
    channel,
    receiver,
    clock = clockAt(),
  }: { channel?: string; receiver?: string; clock?: ReturnType<typeof clockAt> } = {},
): Promise<ProviderBridge> {
  const { secret, send } = providerOf(provider);
  const credentials = channel ?? `{ secrets: ["${secret}"] }`;
  const crm = receiver ? `{ crm: { url: "${receiver}", secrets: [${OUTBOUND}] } }` : "{}";
  const bridge = await startBridge(
    `
server: { host: 127.0.0.1, port: 0 }
admin: { port: 0 }
store: sqlite:./countersign.db
log: { level: silent }
sources: { ${provider}: { mapping: ${provider}, channels: { webhook: ${credentials} } } }
destinations: ${crm}
`,
    { folder: aFolder(), clock },
  );
  return {
    ...bridge,
    send: (body: string, seconds = 0) => {
      const { query, headers } = send(body, Math.floor(clock.now() / 1_000) + seconds);
      return bridge.post(`/in/${provider}/webhook${query}`, body, headers);
    },
    events: async () => (await bridge.admin("/api/v1/events?order=oldest&limit=1000")).body.items,
  };
}

export const describeEvent = ({ type, signer, document }: ShownEvent) =>
  [type, ...(signer ? ["of", signer.id.replace(/^sgn_.*/, "sgn_…")] : []), "in", document?.id].join(" ");
