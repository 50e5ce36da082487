import { join } from "node:path";
import { type Config, parseConfig } from "../src/config.ts";
import { CHANNEL, KEY, SOURCE } from "./posts.ts";

/** How a bridge is set up for a measurement; all else is as it comes. */
export interface Settings {
  /** Holds its database. */
  folder: string;
  /** Where its destinations are: one, or two. */
  destinations: readonly string[];
  ordering: "document" | "none";
  concurrency: number;
  /** Before the first probe of a destination whose breaker is open; absent: as it comes. */
  breakerPause?: string;
}

const NAMES = ["crm", "archive"] as const;

/** Where its database is. */
export function fileOf({ folder }: Settings): string {
  return join(folder, "countersign.db");
}

/** Read by the same `parseConfig` that reads everybody's configuration. */
export async function configure(
  settings: Settings,
): Promise<Config & { store: { kind: "sqlite" | "lowdb" } }> {
  const { folder, destinations, ordering, concurrency, breakerPause } = settings;
  const breaker = breakerPause && { pause: breakerPause, longest: breakerPause };
  const text = JSON.stringify({
    server: { host: "127.0.0.1", port: 0 },
    admin: { host: "127.0.0.1", port: 0 },
    store: `sqlite:${fileOf(settings)}`,
    sources: { [SOURCE]: { mapping: "lumin", channels: { [CHANNEL]: { secrets: [KEY] } } } },
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
  const { config, problems } = await parseConfig(text, join(folder, "countersign.yaml"), {});
  if (!config) throw new Error(problems.map(({ message }) => message).join("; "));
  const { store } = config;
  if (store.kind === "postgres") throw new Error("a database is not measured here");
  return { ...config, store };
}
