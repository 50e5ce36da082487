import { join } from "node:path";
import { type Config, parseConfig } from "../src/config.ts";
import { CHANNEL, KEY, SOURCE } from "./posts.ts";

/** The token in the URL of Legalesign's batches. */
export const TOKEN = "an-unguessable-token";

/** The configuration of a bridge for a measurement; all other values are the defaults. */
export interface Settings {
  /** The folder of its database, if that is a file. */
  folder: string;
  /** As in a configuration; absent: a SQLite file in the folder. */
  store?: string;
  /** The URLs of one or two destinations. */
  destinations: readonly string[];
  ordering: "document" | "none";
  concurrency: number;
  /** The pause before the first probe of an open breaker; absent: the default. */
  breakerPause?: string;
  /** Variables of OpenTelemetry; absent: nothing is traced. */
  environment?: Readonly<Record<string, string>>;
}

const NAMES = ["crm", "archive"] as const;

function fileOf({ folder }: Settings): string {
  return join(folder, "countersign.db");
}

/** The path of its configuration. */
export function placeOf({ folder }: Settings): string {
  return join(folder, "countersign.yaml");
}

/** Read by `parseConfig`, as every configuration is. */
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
