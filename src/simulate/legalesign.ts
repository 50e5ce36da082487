import { createHmac } from "node:crypto";
import type { Chance } from "./chance.ts";
import { tellInBatches } from "./legalesign-batch.ts";
import { liveLegalesign } from "./legalesign-life.ts";
import { tellInRealtime } from "./legalesign-realtime.ts";
import { tellUpon } from "./legalesign-upon.ts";
import type { Credentials, Letter, NewLetter, Provider, Seal, Telling } from "./letter.ts";
import type { Life } from "./life.ts";

const MINUTE_MS = 60_000;

/** Legalesign: forms upon an event and in batches, JSON in real time. https://apidocs.legalesign.com/docs/webhooks */
export const LEGALESIGN: Provider = {
  channels: ["upon", "batch", "realtime"],
  // That it tries again is published, when and how often is not: these are ours.
  retries: [MINUTE_MS, 5 * MINUTE_MS, 15 * MINUTE_MS],
  live: liveLegalesign,
  tell,
  seal,
};

function tell(lives: readonly Life[], how: Telling): NewLetter[] {
  const { channels, chanceOf } = how;
  return [
    ...(channels.includes("upon") ? lives.flatMap((life) => tellUpon(life, chanceFor(life, "upon"))) : []),
    ...(channels.includes("batch") ? tellInBatches(lives, how) : []),
    ...(channels.includes("realtime")
      ? lives.flatMap((life) => tellInRealtime(life, how.skew, chanceFor(life, "realtime")))
      : []),
  ];
  function chanceFor({ document }: Life, channel: string): Chance {
    return chanceOf(`${channel} ${document}`);
  }
}

/** The encoding of the realtime signature is not published: half of the documents have the one, half the other. */
function seal(
  { channel, body, documents }: Pick<Letter, "channel" | "body" | "documents">,
  { secret, token }: Credentials,
): Seal {
  if (channel !== "realtime")
    return {
      headers: { "content-type": "application/x-www-form-urlencoded" },
      query: token === null ? {} : { token },
    };
  const encoding = Number.parseInt(documents[0]?.at(-1) ?? "0", 16) % 2 === 0 ? "hex" : "base64";
  const signature = createHmac("sha256", secret).update(body).digest(encoding);
  return { headers: { "content-type": "application/json", "x-hmac-sha256": signature }, query: {} };
}
