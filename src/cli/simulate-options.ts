import { InvalidArgumentError } from "commander";
import { parseDuration, parseRate } from "../domain/quantity.ts";
import { FAULTS, type Fault } from "../simulate/letter.ts";
import { PROVIDERS, type ProviderName } from "../simulate/story.ts";

/** What `countersign simulate` takes, read strictly: each refuses in a sentence that says what would be right. */

export function toProvider(text: string): ProviderName {
  if (Object.hasOwn(PROVIDERS, text)) return text as ProviderName;
  throw new InvalidArgumentError(`There is ${Object.keys(PROVIDERS).join(" and ")}.`);
}

/** An http(s) address without anything that a post would not carry on. */
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

export function toCount(most: number): (text: string) => number {
  return (text) => {
    const count = /^\d{1,10}$/.test(text) ? Number(text) : 0;
    if (count >= 1 && count <= most) return count;
    throw new InvalidArgumentError(`It must be a whole number from 1 to ${most}.`);
  };
}

export function toRate(text: string): number {
  return parseRate(text) ?? invalid("It must be a rate such as 20/s.");
}

/** A duration of at least a second, as it is the finest that Legalesign's clock tells; 0s where `least` is 0. */
export function toMilliseconds(least: number): (text: string) => number {
  return (text) => {
    const ms = parseDuration(text);
    return ms !== null && ms >= least
      ? ms
      : invalid(`It must be a duration such as 2s, at least ${least} ms.`);
  };
}

export function toMoment(text: string): number {
  const time = Date.parse(text);
  return time >= 0 ? time : invalid("It must be a moment such as 2026-01-31T12:00:00Z.");
}

function invalid(message: string): never {
  throw new InvalidArgumentError(message);
}
