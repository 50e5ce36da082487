import { join } from "node:path";
import { type Config, parseConfig } from "../src/config.ts";
import { CHANNEL, KEY, SOURCE } from "./posts.ts";

/** How a bridge is set up for a measurement; all else is as it comes. */
export interface Settings {
  /** Holds its database. */
  folder: string;
  /** Where its one destination is. */
  destination: string;
  ordering: "document" | "none";
  concurrency: number;
}

/** Read by the same `parseConfig` that reads everybody's configuration. */
export async function configure(settings: Settings): Promise<Config> {
  const { folder, destination, ordering, concurrency } = settings;
  const text = JSON.stringify({
    server: { host: "127.0.0.1", port: 0 },
    admin: { host: "127.0.0.1", port: 0 },
    store: "sqlite:./countersign.db",
    sources: { [SOURCE]: { mapping: "lumin", channels: { [CHANNEL]: { secrets: [KEY] } } } },
    destinations: {
      crm: {
        url: destination,
        secrets: [`whsec_${Buffer.alloc(32, 7).toString("base64")}`],
        ordering,
        concurrency,
        timeout: "10m",
      },
    },
    shutdown: "10ms",
  });
  const { config, problems } = await parseConfig(text, join(folder, "countersign.yaml"), {});
  if (!config) throw new Error(problems.map(({ message }) => message).join("; "));
  return config;
}
