import { createTell } from "./alert/tell.ts";
import { testAlert } from "./alert/test-alert.ts";
import { createWatcher, type Watcher } from "./alert/watcher.ts";
import type { Concern } from "./concern/concern.ts";
import type { Config } from "./config.ts";
import type { Clock } from "./domain/clock.ts";
import { receiptId } from "./domain/identity.ts";
import type { Rejections } from "./inbound/rejections.ts";
import type { Observers } from "./observe/observers.ts";
import type { Runtime } from "./runtime.ts";
import { type BreakerWatch, createBreakerWatch } from "./status/breaker-watch.ts";
import { createDiskWatch } from "./status/disk.ts";
import { diskUseOf } from "./status/disk-use.ts";
import { createLook } from "./status/look.ts";
import { createSecretAges, type SecretAges } from "./status/secret-ages.ts";
import { createSecretWatch, type SecretWatch } from "./status/secret-watch.ts";
import { createStatus, type Status } from "./status/status.ts";
import { createUptime } from "./status/uptime.ts";
import type { Store } from "./store/store.ts";
import { VERSION } from "./version.ts";

/** The part of a bridge that looks after the bridge: what needs a person, and who is told. */
export interface Watching {
  secrets: SecretWatch;
  breakers: BreakerWatch;
  secretAges: SecretAges;
  status: Status;
  watcher: Watcher;
  /** What needs a person and nobody has acknowledged, as of the last look. */
  unacknowledged(): Promise<readonly Concern[]>;
  /** Sends a test to an alert; returns the id of its delivery. Null: there is no such alert. */
  testAlert(name: string): Promise<string | null>;
  /** Looks now, and tells what changed. */
  look(): Promise<void>;
}

export interface WatchingParts {
  store: Store;
  /** The files of the store; none where it has none here. */
  files: readonly string[];
  clock: Clock;
  randomBytes(length: number): Uint8Array;
  rejections: Pick<Rejections, "written">;
  observe: Observers["watch"];
  /** The runtime in force. Not asked before anything is looked at. */
  current(): Pick<Runtime, "config" | "dispatcher">;
}

export function createWatching(parts: WatchingParts): Watching {
  const { store, files, clock, randomBytes, rejections, observe, current } = parts;
  const config = (): Config => current().config;
  const node = Buffer.from(randomBytes(9)).toString("base64url");
  const uptime = createUptime(store, clock, node);
  const secrets = createSecretWatch(store, clock.now);
  const breakers = createBreakerWatch(store, clock.now);
  const secretAges = createSecretAges(store, clock.now);
  const beat = async () => {
    await uptime.beat();
    await breakers.write();
    await secretAges.note(config().destinations);
  };
  const look = createLook({
    ...{ store, uptime, secrets, now: clock.now },
    written: rejections.written,
    channels: () => config().channels,
    destinations: () => config().destinations,
    states: () => current().dispatcher.states(),
    stuckAfter: () => config().concerns.stuckAfter,
    disk: createDiskWatch(store, () => diskUseOf(files), clock.now),
  });
  const status = createStatus({ look, now: clock.now });
  const telling = {
    ...{ store, now: clock.now, version: VERSION },
    newReceiptId: (at: number) => receiptId(at, randomBytes(10)),
    wake: (destination: string) => current().dispatcher.wake([destination]),
  };
  const watcher = createWatcher({
    ...{ store, clock, observe, beat, concerns: status.watch },
    node: store.subscribe === undefined ? null : node,
    alerts: () => config().alerts,
    tell: createTell(telling),
  });
  return {
    ...{ secrets, breakers, secretAges, status, watcher },
    async unacknowledged() {
      const [concerns, known] = [await status.latest(), await watcher.acknowledged()];
      return concerns.filter(({ id }) => !known.has(id));
    },
    async testAlert(name) {
      const alert = config().alerts.find((one) => one.name === name);
      return alert ? testAlert(alert, telling) : null;
    },
    async look() {
      await beat();
      await watcher.look();
    },
  };
}
