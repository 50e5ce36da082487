import { z } from "zod";
import { isQuiet, parseQuietHours } from "../alert/quiet-hours.ts";
import { SEVERITIES } from "../domain/event.ts";
import { ALERT_FORMAT_NAMES } from "../outbound/format.ts";
import { exactly } from "../yaml.ts";
import { DestinationFile } from "./destination-schema.ts";

/** The schema of an alert in the configuration, key by key. */

const { url, secrets, headers, auth, tls, network, proxy, paused, retry, timeout } = DestinationFile.shape;

/** The formats for programs, which are signed. */
export const SIGNED_FORMATS = ["cloudevents", "cloudevents-binary", "standard"] as const;

const FORMATS = [...SIGNED_FORMATS, ...ALERT_FORMAT_NAMES] as const;

export const AlertFile = exactly({
  url: url.describe(
    "the address that alerts are posted to; that of a chat is a secret: take it from the environment",
  ),
  format: z
    .enum(FORMATS, { error: `must be ${FORMATS.join(", ")}` })
    .default("cloudevents")
    .describe(
      "cloudevents, cloudevents-binary, standard: signed events `bridge.concern.opened` and `bridge.concern.closed`; slack, teams, email-webhook: a message for people, in which several changes of one minute are gathered",
    ),
  secrets: secrets
    .optional()
    .describe("signing keys of the signed formats, as of a destination; the formats for people have none"),
  to: z
    .array(z.email({ error: "must be an e-mail address" }), { error: "must be a list of e-mail addresses" })
    .min(1, "needs at least one address")
    .optional()
    .describe("with `format: email-webhook`, the addresses that it passes on"),
  severity: z
    .enum(SEVERITIES, { error: `must be ${SEVERITIES.join(", ")}` })
    .default("notice")
    .describe("the least harmful that is told: critical, warning or notice"),
  quietHours: z
    .string({ error: "must be a text such as 22:00-07:00 Europe/Berlin" })
    .meta({ title: "a time of day", examples: ["22:00-07:00 Europe/Berlin"] })
    .transform((text, context) => {
      const hours = parseQuietHours(text);
      if (hours) return (at: number) => isQuiet(hours, at);
      context.addIssue(
        `${JSON.stringify(text)} is no time of day: write one such as 22:00-07:00 Europe/Berlin`,
      );
      return z.NEVER;
    })
    .optional()
    .describe(
      "a time of every day, such as `22:00-07:00 Europe/Berlin`, in which only critical concerns are told; the others follow at its end. Absent: none",
    ),
  details: z
    .boolean({ error: "must be true or false" })
    .default(false)
    .describe("true: titles of documents are told, which may be personal data"),
  ...{ headers, auth, tls, network, proxy, paused, retry, timeout },
});
export type AlertFile = z.infer<typeof AlertFile>;
