import { join } from "node:path";
import { type Config, parseConfig } from "../src/config.ts";
import { CHANNEL, KEY, SOURCE } from "./posts.ts";

/** What Legalesign shows in the URL of its batches. */
export const TOKEN = "an-unguessable-token";

/** How a bridge is set up for a measurement; all else is as it comes. */
export interface Settings {
  /** Holds its database, if that is a file. */
  folder: string;
  /** As a configuration names it; absent: a SQLite file in the folder. */
  store?: string;
  /** Where its destinations are: one, or two. */
  destinations: readonly string[];
  ordering: "document" | "none";
  concurrency: number;
  /** Before the first probe of a destination whose breaker is open; absent: as it comes. */
  breakerPause?: string;
}

const NAMES = ["crm", "archive"] as const;

/** Where its database is. */
function fileOf({ folder }: Settings): string {
  return join(folder, "countersign.db");
}

/** Where a configuration's text would be. */
export function placeOf({ folder }: Settings): string {
  return join(folder, "countersign.yaml");
}

/** Read by the same `parseConfig` that reads everybody's configuration. */
export async function configure(settings: Settings): Promise<Config> {
  const { config, problems } = await parseConfig(textOf(settings), placeOf(settings), {});
  if (!config) throw new Error(problems.map(({ message }) => message).join("; "));
  return config;
}

/** The configuration as a text: JSON is YAML too. */
export function textOf(settings: Settings): string {
  const { destinations, ordering, concurrency, breakerPause } = settings;
  const breaker = breakerPause && { pause: breakerPause, longest: breakerPause };
  return JSON.stringify({
    server: { host: "127.0.0.1", port: 0 },
    admin: { host: "127.0.0.1", port: 0 },
    store: settings.store ?? `sqlite:${fileOf(settings)}`,
    sources: {
      [SOURCE]: { mapping: "lumin", channels: { [CHANNEL]: { secrets: [KEY] } } },
      legalesign: { mapping: "legalesign", channels: { batch: { token: TOKEN } } },
    },
    destinations: Object.fromEntries(
      destinations.map((url, index) => [
        NAMES[index],
        {
          url,
          secrets: [`whsec_${Buffer.alloc(32, 7).toString("base64")}`],
          ordering,
          concurrency,
          timeout: "10m",
          breaker: breaker || undefined,
        },
      ]),
    ),
    shutdown: "10ms",
  });
}
