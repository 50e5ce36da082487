import { InvalidArgumentError } from "commander";
import { parseDuration, parseRate } from "../domain/quantity.ts";
import { FAULTS, type Fault } from "../simulate/planned-post.ts";
import { PROVIDERS, type ProviderName } from "../simulate/simulation.ts";

/**
 * Parsers of the options of `countersign simulate`. Each refuses bad text in a sentence that says what is
 * right.
 */

export function toProvider(text: string): ProviderName {
  if (Object.hasOwn(PROVIDERS, text)) return text as ProviderName;
  throw new InvalidArgumentError(`There are ${Object.keys(PROVIDERS).join(" and ")}.`);
}

/** An http(s) URL without user, query and fragment, which the posts would not carry. */
export function toUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url && /^https?:$/.test(url.protocol) && !url.username && !url.search && !url.hash) return url;
  throw new InvalidArgumentError("It must be an address such as http://127.0.0.1:8080.");
}

export function toList(text: string): string[] {
  return text.split(",").map((part) => part.trim());
}

export function toFaults(text: string): Fault[] {
  if (text === "all") return [...FAULTS];
  return toList(text).map((name) => {
    const fault = FAULTS.find((one) => one === name);
    if (fault) return fault;
    throw new InvalidArgumentError(`There are ${FAULTS.join(", ")}, and all.`);
  });
}

export function toCount(max: number): (text: string) => number {
  return (text) => {
    const count = /^\d{1,10}$/.test(text) ? Number(text) : 0;
    if (count >= 1 && count <= max) return count;
    throw new InvalidArgumentError(`It must be a whole number from 1 to ${max}.`);
  };
}

export function toRate(text: string): number {
  return parseRate(text) ?? invalid("It must be a rate such as 20/s.");
}

/** A duration of at least `min` milliseconds. */
export function toMilliseconds(min: number): (text: string) => number {
  return (text) => {
    const ms = parseDuration(text);
    return ms !== null && ms >= min ? ms : invalid(`It must be a duration such as 2s, at least ${min} ms.`);
  };
}

export function toMoment(text: string): number {
  const time = Date.parse(text);
  return time >= 0 ? time : invalid("It must be a moment such as 2026-01-31T12:00:00Z.");
}

function invalid(message: string): never {
  throw new InvalidArgumentError(message);
}
