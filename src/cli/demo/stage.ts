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

/** A whole installation: the bridge between what the demo posts and the system that receives. */
export interface Stage {
  app: App;
  receiver: Receiver;
  /** What Legalesign's posts show in the URL. */
  token: string;
}

/** As a user would write it, but for the ports, which are any free ones, and the pauses, which are short. */
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

/** Sets it up in a temporary folder, and takes it down again whatever comes of `perform`. */
export async function onStage<T>(perform: (stage: Stage) => Promise<T>): Promise<T> {
  const folder = await makeFolder();
  try {
    return await withReceiver((receiver, secret) =>
      withBridge(folder, { receiver, secret, token: randomBytes(12).toString("hex") }, perform),
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function makeFolder(): Promise<string> {
  try {
    return await mkdtemp(join(tmpdir(), "countersign-demo-"));
  } catch (error) {
    const message = `the demo needs a temporary folder (${messageOf(error)}): point TMPDIR to where this user may write`;
    throw new CountersignError("cannot_start", message, { cause: error });
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

type Props = Omit<Stage, "app"> & { secret: string };

async function withBridge<T>(
  folder: string,
  { secret, ...props }: Props,
  use: (stage: Stage) => Promise<T>,
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
