import { createApp } from "../app.ts";
import { loadConfig } from "../config.ts";
import { limitYoungGeneration } from "../memory.ts";
import type { SetUpCommand } from "./commands.ts";
import { CONFIG_OPTION, readConfig, type Terminal } from "./terminal.ts";

export const serveCommand: SetUpCommand = (command, terminal, done) => {
  command.option(...CONFIG_OPTION).action(async ({ config }) => done(await serve(config, terminal)));
};

/** 0 after a graceful stop, 1 when it cannot start or dies. */
async function serve(file: string, terminal: Terminal): Promise<number> {
  const config = await readConfig(file, terminal);
  if (!config) return 1;

  limitYoungGeneration();
  const load = async () => loadConfig(file, terminal.env);
  const app = await createApp(config, { load, environment: terminal.env });
  terminal.onReload(() => {
    app.reload().catch(() => {}); // logged by the app
  });
  const stopped = new Promise<"stopped">((resolve) => {
    if (terminal.signal.aborted) resolve("stopped");
    terminal.signal.addEventListener("abort", () => resolve("stopped"));
  });
  const ended = await Promise.race([stopped, app.died]);
  await app.stop();
  return ended === "stopped" ? 0 : 1;
}
