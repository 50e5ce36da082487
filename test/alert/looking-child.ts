import { createApp } from "../../src/app.ts";
import { loadConfig } from "../../src/config.ts";

/** A bridge that looks for what needs a person all the time, until it is killed. Prints its addresses. */
const { config, problems } = await loadConfig(process.argv[2] ?? "", process.env);
if (!config) throw new Error(JSON.stringify(problems));
const app = await createApp(config, { watching: false });
process.stdout.write(`${JSON.stringify({ url: app.url, adminUrl: app.adminUrl })}\n`);
for (;;) await app.look();
