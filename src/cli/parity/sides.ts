import { CountersignError } from "../../domain/errors.ts";
import type { Channel } from "../../inbound/channel.ts";
import { channelKey } from "../../parity/scope.ts";

/**
 * The channels that a side names: `upon,batch` of `source`, or `other-source/batch`, or `other-source/*` for
 * all of another source.
 *
 * @throws CountersignError `bad_request` when one is not configured.
 */
export function channelsOf(
  text: string,
  { side, source, channels }: { side: string; source: string | undefined; channels: readonly Channel[] },
): Channel[] {
  const names = text.split(",").map((name) => name.trim());
  const found = names.flatMap((name) => {
    const [of, channel] = partsOf(name, side, source);
    const some = channels.filter((one) => one.source === of && (channel === "*" || one.name === channel));
    if (some.length === 0) throw notConfigured(`${of}/${channel}`, side, channels);
    return some;
  });
  return [...new Set(found)];
}

function partsOf(name: string, side: string, source: string | undefined): [string, string] {
  const [of, channel] = name.split("/");
  if (of !== undefined && channel !== undefined) return [of, channel];
  if (source !== undefined && of) return [source, of];
  throw new CountersignError(
    "bad_request",
    `--${side} ${name}: name its source as well, with --source or as source/channel`,
  );
}

function notConfigured(name: string, side: string, channels: readonly Channel[]): CountersignError {
  const known = channels.map(channelKey).join(", ") || "none";
  return new CountersignError("bad_request", `--${side}: there is no channel ${name}: there are ${known}`);
}
