import { join } from "node:path";
import { parseConfig } from "../../src/config.ts";
import { openStore } from "../../src/store/open.ts";
import { formatProblem } from "../../src/yaml.ts";
import { receiptsOf, type Window } from "../parity/window.ts";
import { aFolder, type Bridge, SECRET, startBridge, TOKEN } from "../support/bridge.ts";
import { aRecordRequest } from "../support/builders.ts";
import { commandsFor, configFileFor } from "./operator.ts";
import { runCommand } from "./terminal.ts";

/** A bridge whose store holds a window of requests, and the commands of its operator. */

export const parityConfig = (store = "sqlite:./countersign.db", rest = "") => `
server: { host: 127.0.0.1, port: 0 }
admin: { port: 0 }
store: "${store}"
log: { level: silent }
sources:
  legalesign:
    mapping: legalesign
    channels:
      upon: { token: ${TOKEN} }
      batch: { token: ${TOKEN} }
      realtime: { secrets: [a-realtime-secret] }
destinations: { crm: { url: "http://127.0.0.1:9/hook", secrets: ["${SECRET}"] } }
${rest}`;

/** Records the posts of the window in the store of the configuration, each at its time. */
async function fill(text: string, folder: string, window: Window): Promise<void> {
  const { config, problems } = await parseConfig(text, join(folder, "countersign.yaml"), {});
  if (!config) throw new Error(problems.map(formatProblem).join("\n"));
  const mapping = config.channels[0]?.mapping.digest ?? "";
  const store = await openStore(config.store, () => {}, { retries: 0 });
  const requests = receiptsOf(window, "legalesign", mapping).map((receipt) =>
    store.record(aRecordRequest([], { receipt })),
  );
  await Promise.all(requests);
  await store.close();
}

export interface ParityBridge {
  bridge: Bridge;
  folder: string;
  run: ReturnType<typeof commandsFor>;
  /** The same without a bridge that answers. */
  runAlone: ReturnType<typeof commandsFor>;
}

export async function aParityBridge(window: Window, text = parityConfig()): Promise<ParityBridge> {
  const folder = aFolder();
  await fill(text, folder, window);
  const bridge = await startBridge(text, { folder });
  const alone = configFileFor({ folder, adminUrl: "http://127.0.0.1:9" }, text, "alone.yaml");
  return {
    ...{ bridge, folder },
    run: commandsFor(bridge, text),
    runAlone: (...args) => runCommand([...args, "--config", alone]),
  };
}
