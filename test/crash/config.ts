import { CREDENTIALS } from "./generations.ts";
import type { Receiver } from "./receivers.ts";

export const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

export interface Settings {
  /** As in the configuration. */
  store: string;
  /** 0: any free one. */
  port: number;
  adminPort: number;
  receivers: readonly Receiver[];
  /** Further options of each destination. */
  destination?: string;
  /** A receiver of batches. */
  legacy?: { name: string; url: string } | null;
  /** The newer channel of each source is in shadow. */
  shadow?: boolean;
}

const PAUSES = ["50ms", "100ms", "200ms", "400ms", ...Array.from({ length: 40 }, () => "1s")];
/** Longer than any pause before a retry, which jitter may lengthen by a tenth, or of the circuit breaker. */
export const MAX_PAUSE_MS = 1_200;
/** Many short attempts: a refused delivery is soon repeated, and none is ever parked. */
const QUICK_RETRIES = `timeout: 1s, retry: [${PAUSES}], breaker: { failures: 10, pause: 200ms, longest: 1s }`;

/** The configuration of a bridge: all channels of the simulated providers, and the receivers. */
export function configText({
  store,
  port,
  adminPort,
  receivers,
  destination = QUICK_RETRIES,
  legacy = null,
  shadow = false,
}: Settings): string {
  const destinations = receivers.map(
    ({ name, url }) => `  ${name}: { url: "${url}", secrets: ["${SECRET}"], ${destination} }`,
  );
  if (legacy) destinations.push(batched(legacy));
  const mark = shadow ? ", shadow: true" : "";
  return `server: { host: 127.0.0.1, port: ${port} }
admin: { port: ${adminPort} }
store: "${store}"
sources:
  lumin:
    mapping: lumin
    channels:
      account: { secrets: ["${CREDENTIALS.lumin}"] }
      app: { secrets: ["${CREDENTIALS.lumin}"]${mark} }
  legalesign:
    mapping: legalesign
    channels:
      upon: { token: "${CREDENTIALS.token}" }
      batch: { token: "${CREDENTIALS.token}" }
      realtime: { secrets: ["${CREDENTIALS.realtime}"]${mark} }
destinations:
${destinations.join("\n")}
`;
}

function batched({ name, url }: { name: string; url: string }): string {
  const format = "format: legalesign-batch, batch: 2s";
  return `  ${name}: { url: "${url}", secrets: ["${SECRET}"], ${format}, ${QUICK_RETRIES} }`;
}
