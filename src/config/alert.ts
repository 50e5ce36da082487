import type { Alert } from "../alert/tell.ts";
import { isAlertFormat } from "../outbound/format.ts";
import type { FileProblem, YamlFile } from "../yaml.ts";
import { AlertFile } from "./alert-schema.ts";
import {
  checkAddress,
  type Destinations,
  readCertificates,
  toDestination,
  toProblem,
} from "./destination.ts";
import { DestinationFile } from "./destination-schema.ts";
import type { Complaint } from "./tls.ts";

/** Alerts from the configuration file: destinations of their own kind, which get nothing but alerts. */

export interface Alerts extends Destinations {
  alerts: Alert[];
}

export interface AlertSurroundings {
  yaml: YamlFile;
  /** Relative paths start here. */
  folder: string;
  /** Names that are taken. */
  destinations: readonly string[];
}

export function readAlerts(
  given: Readonly<Record<string, unknown>>,
  { yaml, folder, destinations }: AlertSurroundings,
): Alerts {
  const found: Alerts = { alerts: [], destinations: [], problems: [] };
  for (const [name, value] of Object.entries(given)) {
    const { data } = AlertFile.safeParse(value);
    if (!data) continue;
    const destination = asDestination(data);
    const { contexts, complaints: unread } = readCertificates(destination, folder);
    const complaints = [...unread, ...check(name, data, destinations)];
    found.destinations.push({
      ...toDestination(name, destination, contexts),
      ...OWN,
      recipients: data.to,
    });
    found.alerts.push(toAlert(name, data));
    found.problems.push(...complaints.map((one): FileProblem => toProblem(one, ["alerts", name], yaml)));
  }
  return found;
}

/** No event is addressed to an alert by its type. */
const OWN = { events: [] };

function asDestination(given: AlertFile): DestinationFile {
  const { to: _, severity: __, quietHours: ___, details: ____, secrets = [], ...rest } = given;
  return { ...DEFAULTS, ...rest, secrets, format: rest.format as DestinationFile["format"] };
}

/** What an alert leaves out of a destination. */
const DEFAULTS: DestinationFile = DestinationFile.parse({
  url: "https://localhost",
  secrets: [`raw:${"-".repeat(32)}`],
});

function toAlert(name: string, { severity, quietHours, details, format }: AlertFile): Alert {
  return { name, severity, details, isQuiet: quietHours ?? (() => false), gathers: isAlertFormat(format) };
}

function check(name: string, given: AlertFile, destinations: readonly string[]): Complaint[] {
  const { format, secrets, to } = given;
  const isForPeople = isAlertFormat(format);
  return [
    ...checkAddress(given),
    ...(destinations.includes(name)
      ? [{ path: [], message: "is the name of a destination too: give the alert another" }]
      : []),
    ...(!isForPeople && secrets === undefined
      ? [
          {
            path: ["secrets"],
            message: `is needed to sign \`format: ${format}\`: \`countersign secret\` makes one`,
          },
        ]
      : []),
    ...(isForPeople && secrets !== undefined
      ? [{ path: ["secrets"], message: `\`format: ${format}\` is not signed: leave them out` }]
      : []),
    ...(to !== undefined && format !== "email-webhook"
      ? [{ path: ["to"], message: "goes with `format: email-webhook` only" }]
      : []),
  ];
}
