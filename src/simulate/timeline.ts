import { type DocumentStatus, type KnownType, meaningOf, type SignerStatus } from "../domain/event.ts";
import type { Chance } from "./chance.ts";

/** A happening of the simulated world, whether or not a post reports it. */
export interface SimulatedHappening {
  document: string;
  /**
   * The provider's id of the signer, or the e-mail address where the provider has no id; null: no post can
   * show which signer it was.
   */
  signer: string | null;
  type: KnownType;
  /** By the provider's clock, milliseconds since 1970. */
  time: number;
}

export interface Person {
  /** As `signer` in a happening. */
  id: string;
  first: string;
  last: string;
  email: string;
}

/** All happenings of one document, oldest first. */
export interface Timeline {
  document: string;
  title: string;
  tags: readonly string[];
  people: readonly Person[];
  happenings: readonly SimulatedHappening[];
}

/** The state of a document and its signers. */
export interface SimulatedState {
  status: DocumentStatus | null;
  downloadable: boolean;
  signers: readonly { signer: string; status: SignerStatus | null }[];
}

/**
 * The state after these happenings: a timeline is in order and takes nothing back, so the last one counts.
 */
export function stateAfter(
  people: readonly Person[],
  happenings: readonly SimulatedHappening[],
): SimulatedState {
  let status: DocumentStatus | null = null;
  const signers = new Map<string, SignerStatus | null>(people.map(({ id }) => [id, null]));
  for (const { type, signer } of happenings) {
    const meaning = meaningOf(type);
    if (meaning?.about === "document") status = meaning.status ?? status;
    if (meaning?.about === "signer" && meaning.status && signer) signers.set(signer, meaning.status);
  }
  return {
    status,
    downloadable: happenings.some(({ type }) => type === "document.downloadable"),
    signers: [...signers].map(([signer, status]) => ({ signer, status })),
  };
}

/** Collects happenings while its clock advances. */
export interface TimelineBuilder {
  readonly happenings: readonly SimulatedHappening[];
  /** Advances the clock by a random number of seconds, both ends included. */
  advance(min: number, max: number): void;
  /** Adds a happening of this moment; without a person its signer is null. */
  add(type: KnownType, person?: Person): void;
}

/** `step`: the resolution of the provider's clock, in milliseconds. */
export function createTimelineBuilder(
  document: string,
  start: number,
  step: number,
  chance: Chance,
): TimelineBuilder {
  const happenings: SimulatedHappening[] = [];
  const floor = (time: number) => Math.floor(time / step) * step;
  let time = floor(start);
  return {
    happenings,
    advance(min, max) {
      time = floor(time + chance.int(min * 1_000, max * 1_000));
    },
    add(type, person) {
      happenings.push({ document, signer: person?.id ?? null, type, time });
    },
  };
}

/** How a document ends, and at which signer's turn: most are signed by all. */
export interface Ending {
  kind: "completed" | "declined" | "canceled" | "unfinished";
  turn: number;
}

export function drawEnding(signers: number, chance: Chance): Ending {
  const kind = chance.happens(0.7)
    ? "completed"
    : chance.pick<Ending["kind"]>(["declined", "canceled", "unfinished"]);
  return { kind, turn: kind === "completed" ? signers : chance.int(0, signers - 1) };
}
