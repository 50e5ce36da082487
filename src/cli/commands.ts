import type { Command } from "commander";
import type { Terminal } from "./terminal.ts";

/** Adds a command's arguments, options and action, which passes its exit code to `done`. */
export type SetUpCommand = (command: Command, terminal: Terminal, done: (code: number) => void) => void;

interface CommandEntry {
  name: string;
  /** As `--help` shows them. */
  arguments?: string;
  description: string;
  /** Not shown by `--help`. */
  hidden?: true;
  /** Takes nothing from the environment, and so has no `--env-file`. */
  isSelfContained?: true;
  load(): Promise<SetUpCommand>;
}

/**
 * In the order of `--help`. The file of a command is loaded when it is asked for, so that all start quickly.
 */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: "serve",
    description: "run the bridge until it is asked to stop",
    load: () => import("./serve.ts").then(({ serveCommand }) => serveCommand),
  },
  {
    name: "init",
    description: "ask, and write a first countersign.yaml and .env with fresh secrets",
    isSelfContained: true,
    load: () => import("./init.ts").then(({ initCommand }) => initCommand),
  },
  {
    name: "healthcheck",
    description: "ask a running bridge whether it is ready; the exit code is 0 or 1, within two seconds",
    load: () => import("./healthcheck.ts").then(({ healthcheckCommand }) => healthcheckCommand),
  },
  {
    name: "demo",
    description: "run a bridge with simulated providers and a receiver that verifies",
    isSelfContained: true,
    load: () => import("./demo.ts").then(({ demoCommand }) => demoCommand),
  },
  {
    name: "check",
    description: "check the configuration and its mappings, and say what they mean",
    load: () => import("./check.ts").then(({ checkCommand }) => checkCommand),
  },
  {
    name: "map",
    arguments: "[file]",
    description: "show what a captured request body turns into, item by item, without a server",
    load: () => import("./map.ts").then(({ mapCommand }) => mapCommand),
  },
  {
    name: "providers",
    arguments: "[name]",
    description: "list the providers that come with Countersign, or show how to set one up",
    isSelfContained: true,
    load: () => import("./providers.ts").then(({ providersCommand }) => providersCommand),
  },
  {
    name: "simulate",
    arguments: "<provider>",
    description:
      "post made-up documents to a bridge, as a provider would, from creation to signing, with faults",
    load: () => import("./simulate.ts").then(({ simulateCommand }) => simulateCommand),
  },
  {
    name: "secret",
    description: "print a new secret to sign a destination's events with",
    isSelfContained: true,
    load: () => import("./secret.ts").then(({ secretCommand }) => secretCommand),
  },
  {
    name: "capture",
    arguments: "<receipt>",
    description:
      "write a stored request as a golden folder: the request, its body, and the events it turns into",
    load: () => import("./capture.ts").then(({ captureCommand }) => captureCommand),
  },
  {
    name: "status",
    description: "tell what needs a person, and what can be done; the exit code is 0, 1 or 2",
    load: () => import("./status.ts").then(({ statusCommand }) => statusCommand),
  },
  {
    name: "acknowledge",
    arguments: "[id]",
    description: "say that somebody takes care: of a concern for a time, or of parked deliveries",
    load: () => import("./acknowledge.ts").then(({ acknowledgeCommand }) => acknowledgeCommand),
  },
  {
    name: "alerts",
    arguments: "test <name>",
    description: "test who is told what needs a person",
    load: () => import("./alerts.ts").then(({ alertsCommand }) => alertsCommand),
  },
  {
    name: "test-event",
    arguments: "<destination>",
    description: "send a signed test event to a destination at once, and show what both sides said",
    load: () => import("./test-event.ts").then(({ testEventCommand }) => testEventCommand),
  },
  {
    name: "events",
    description: "list events",
    load: () => import("./list.ts").then(({ eventsCommand }) => eventsCommand),
  },
  {
    name: "receipts",
    description: "list stored requests",
    load: () => import("./list.ts").then(({ receiptsCommand }) => receiptsCommand),
  },
  {
    name: "documents",
    description: "list documents with their status and number of signatures, or search them",
    load: () => import("./list.ts").then(({ documentsCommand }) => documentsCommand),
  },
  {
    name: "deliveries",
    description: "list deliveries with their last and next attempt",
    load: () => import("./list-deliveries.ts").then(({ deliveriesCommand }) => deliveriesCommand),
  },
  {
    name: "undelivered",
    description: "list or count what is not delivered yet or parked, over all destinations",
    load: () => import("./list-deliveries.ts").then(({ undeliveredCommand }) => undeliveredCommand),
  },
  {
    name: "destinations",
    description: "list destinations with their backlog and state",
    load: () => import("./list.ts").then(({ destinationsCommand }) => destinationsCommand),
  },
  {
    name: "audit",
    description: "list operators' changes",
    load: () => import("./list.ts").then(({ auditCommand }) => auditCommand),
  },
  {
    name: "explain",
    arguments: "<id>",
    description: "tell what happened to an event, a delivery, a receipt or a document, in short lines",
    load: () => import("./explain.ts").then(({ explainCommand }) => explainCommand),
  },
  {
    name: "parity",
    description:
      "prove from stored requests whether a new channel tells all that an old one tells; the exit code is 0, 1 or 2",
    load: () => import("./parity.ts").then(({ parityCommand }) => parityCommand),
  },
  {
    name: "pause",
    arguments: "<destination>",
    description: "stop sending to a destination until it is resumed",
    load: () => import("./control.ts").then(({ pauseCommand }) => pauseCommand),
  },
  {
    name: "resume",
    arguments: "<destination>",
    description: "resume sending to a paused destination",
    load: () => import("./control.ts").then(({ resumeCommand }) => resumeCommand),
  },
  {
    name: "reload",
    description: "reload sources, destinations and mappings from the configuration's file, all or nothing",
    load: () => import("./control.ts").then(({ reloadCommand }) => reloadCommand),
  },
  {
    name: "skip",
    arguments: "<delivery>",
    description: "park a delivery (a dead letter), so that the later events of its document are sent",
    load: () => import("./control.ts").then(({ skipCommand }) => skipCommand),
  },
  {
    name: "replay",
    description: "send parked or delivered deliveries of a destination again, with the same ids",
    load: () => import("./control.ts").then(({ replayCommand }) => replayCommand),
  },
  {
    name: "reprocess",
    description:
      "process stored requests again after a mapping or a secret was fixed, and forward their new events",
    load: () => import("./control.ts").then(({ reprocessCommand }) => reprocessCommand),
  },
  {
    name: "reread",
    description: "the former name of reprocess",
    hidden: true,
    load: () => import("./control.ts").then(({ reprocessCommand }) => reprocessCommand),
  },
  {
    name: "export",
    description: "write all that is kept as lines of JSON: a backup, or the way to another store",
    load: () => import("./export.ts").then(({ exportCommand }) => exportCommand),
  },
  {
    name: "import",
    arguments: "<file>",
    description:
      "put what `countersign export` wrote into an empty store; may be repeated after it was cut off",
    load: () => import("./import.ts").then(({ importCommand }) => importCommand),
  },
  {
    name: "store",
    arguments: "check",
    description: "look after the store itself",
    load: () => import("./store-check.ts").then(({ storeCommand }) => storeCommand),
  },
];
