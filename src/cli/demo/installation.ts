import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { type App, createApp } from "../../app.ts";
import { type Config, parseConfig } from "../../config.ts";
import { CountersignError, messageOf } from "../../domain/errors.ts";
import { newSecret } from "../../outbound/sign.ts";
import { formatProblem } from "../../yaml.ts";
import { LUMIN_KEY } from "./posts.ts";
import { type Receiver, startReceiver } from "./receiver.ts";

/** A whole installation: a bridge, and the receiver that it forwards to. */
export interface Installation {
  app: App;
  receiver: Receiver;
  /** Stands in the URL of Legalesign's posts. */
  token: string;
}

/** As a user would write it, but with any free ports and short retry delays. */
const CONFIGURATION = `
server: { host: 127.0.0.1, port: 0 }
admin:  { host: 127.0.0.1, port: 0 }
store:  sqlite:./countersign.db
sources:
  lumin:
    mapping: lumin
    channels:
      account: { secrets: ["\${LUMIN_PRIMARY_API_KEY}"] }
  legalesign:
    mapping: legalesign
    channels:
      upon:  { token: "\${LEGALESIGN_TOKEN}" }
      batch: { token: "\${LEGALESIGN_TOKEN}" }
destinations:
  crm:
    url: "\${CRM_URL}"
    secrets: ["\${CRM_WEBHOOK_SECRET}"]
    retry: [1s, 2s]
shutdown: 1s
`;

/** Sets up an installation in a temporary folder, and removes it after `use`, also when that fails. */
export async function withInstallation<T>(use: (installation: Installation) => Promise<T>): Promise<T> {
  const folder = await makeFolder();
  try {
    return await withReceiver((receiver, secret) =>
      withBridge(folder, { receiver, secret, token: randomBytes(12).toString("hex") }, use),
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function makeFolder(): Promise<string> {
  try {
    return await mkdtemp(join(tmpdir(), "countersign-demo-"));
  } catch (error) {
    throw new CountersignError(
      "cannot_start",
      `the demo needs a temporary folder (${messageOf(error)}): set TMPDIR to a writable folder`,
      { cause: error },
    );
  }
}

async function withReceiver<T>(use: (receiver: Receiver, secret: string) => Promise<T>): Promise<T> {
  const secret = newSecret(randomBytes);
  const receiver = await startReceiver(secret);
  try {
    return await use(receiver, secret);
  } finally {
    await receiver.close();
  }
}

type Props = Omit<Installation, "app"> & { secret: string };

async function withBridge<T>(
  folder: string,
  { secret, ...props }: Props,
  use: (installation: Installation) => Promise<T>,
): Promise<T> {
  const config = await configure(folder, {
    LUMIN_PRIMARY_API_KEY: LUMIN_KEY,
    LEGALESIGN_TOKEN: props.token,
    CRM_URL: props.receiver.url,
    CRM_WEBHOOK_SECRET: secret,
  });
  const app = await createApp(config, { logger: pino({ level: "silent" }) });
  try {
    return await use({ app, ...props });
  } finally {
    await app.stop();
  }
}

async function configure(folder: string, environment: Record<string, string>): Promise<Config> {
  const file = join(folder, "countersign.yaml");
  const { config, problems } = await parseConfig(CONFIGURATION, file, environment);
  if (config) return config;
  throw new CountersignError("invalid_configuration", problems.map(formatProblem).join("\n"));
}
