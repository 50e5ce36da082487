import { z } from "zod";
import { messageOf } from "../domain/errors.ts";
import {
  formatDuration,
  formatSize,
  MAX_RATE,
  parseDuration,
  parseRate,
  parseSize,
} from "../domain/quantity.ts";
import { parseSecret } from "../outbound/sign.ts";

/** Schemas of values that several sections of the configuration share. Messages say what would be right. */

export const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "names are lower-case letters, digits and hyphens, and stand in URLs");

const DAY_MS = 86_400_000;

/** A number with a unit, and the words for a wrong one. */
interface Quantity {
  kind: string;
  /** Examples of a right one. */
  examples: string;
  /** Null: the text is none. */
  parse(text: string): number | null;
  most: number;
  /** The word for more than `most`, such as "too long". */
  beyond: string;
  format(most: number): string;
}

function parseQuantity({ kind, examples, parse, most, beyond, format }: Quantity) {
  return (text: string, context: z.RefinementCtx): number => {
    const value = parse(text);
    if (value !== null && value <= most) return value;
    const shown = JSON.stringify(text);
    context.addIssue(
      value === null
        ? `${shown} is no ${kind}: write ${examples}`
        : `${shown} is ${beyond}: at most ${format(most)}`,
    );
    return z.NEVER;
  };
}

/** Up to `longest` milliseconds, so that timers and dates do not overflow. */
function durationUpTo(longest: number) {
  return z
    .string({ error: "must be a duration such as 15s, 5m or 2h" })
    .meta({
      title: `duration up to ${formatDuration(longest)}`,
      pattern: "^([0-9]+(ms|s|m|h|d))+$",
      examples: ["15s", "5m", "2h15m"],
    })
    .transform(
      parseQuantity({
        kind: "duration",
        examples: "15s, 5m or 2h",
        parse: parseDuration,
        most: longest,
        beyond: "too long",
        format: formatDuration,
      }),
    );
}

export const duration = durationUpTo(365 * DAY_MS);

/** A duration for a timer: Node's timers overflow after 2^31 - 1 ms, 24 days, and then fire at once. */
export const timer = durationUpTo(DAY_MS);

/** A body is held in memory, also as one text, which V8 limits to half a gigabyte. */
const MAX_SIZE_BYTES = 256 * 1_024 ** 2;

export const size = z
  .string({ error: "must be a size such as 512kb or 5mb" })
  .meta({
    title: `size up to ${formatSize(MAX_SIZE_BYTES)}`,
    pattern: "^[0-9]+(b|kb|mb|gb)$",
    examples: ["5mb"],
  })
  .transform(
    parseQuantity({
      kind: "size",
      examples: "512kb or 5mb",
      parse: parseSize,
      most: MAX_SIZE_BYTES,
      beyond: "too large",
      format: formatSize,
    }),
  );

/** Per second. */
export const rate = z
  .string({ error: "must be a rate such as 50/s or 600/m" })
  .meta({
    title: `rate up to ${MAX_RATE}/s`,
    pattern: "^[0-9]+/(s|m|h)$",
    examples: ["50/s", "600/m"],
  })
  .transform(
    parseQuantity({
      kind: "rate",
      examples: "50/s or 600/m",
      parse: parseRate,
      most: MAX_RATE,
      beyond: "too high",
      format: (most) => `${most}/s`,
    }),
  );

export const wholeNumber = (least: number, most: number) => {
  const error = `must be a whole number from ${least} to ${most}`;
  return z.int({ error }).min(least, error).max(most, error);
};

/** A timeout within the range of Node's timers. */
export const timeout = duration
  .refine((ms) => ms >= 1_000 && ms < 2 ** 31, "must be from 1s to 24d")
  .meta({ title: "duration from 1s to 24d" });

const PORT = "must be a port number from 0 to 65535";

export const port = z.int({ error: PORT }).min(0, PORT).max(65_535, PORT);

export const secret = z
  .string({ error: "must be a secret: `countersign secret` makes one" })
  .meta({ title: "secret" })
  .transform((text, context) => {
    try {
      return parseSecret(text);
    } catch (error) {
      context.addIssue(messageOf(error));
      return z.NEVER;
    }
  });
