import { type DocumentStatus, type KnownType, meaningOf, type SignerStatus } from "../domain/event.ts";
import type { Chance } from "./chance.ts";

/** What truly happened, whoever tells it. */
export interface Happening {
  document: string;
  /** The provider's id of the signer, or the e-mail address where it has none; null where nothing that it sends shows who. */
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

/** All that happens to one document, in order. */
export interface Life {
  document: string;
  title: string;
  tags: readonly string[];
  people: readonly Person[];
  happenings: readonly Happening[];
}

/** How a document and its signers stand. */
export interface State {
  status: DocumentStatus | null;
  downloadable: boolean;
  signers: readonly { signer: string; status: SignerStatus | null }[];
}

/** How things stand after these happenings: a life is in order and takes nothing back, so the last word counts. */
export function stateAfter(people: readonly Person[], happenings: readonly Happening[]): State {
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

/** Writes a life down as it goes. */
export interface Diary {
  readonly happenings: readonly Happening[];
  /** Lets time pass, at least and at most so many seconds. */
  pass(min: number, max: number): void;
  note(type: KnownType, person?: Person): void;
}

/** `step`: the finest difference that the provider's clock can tell, in milliseconds. */
export function openDiary(document: string, start: number, step: number, chance: Chance): Diary {
  const happenings: Happening[] = [];
  const floor = (time: number) => Math.floor(time / step) * step;
  let time = floor(start);
  return {
    happenings,
    pass(min, max) {
      time = floor(time + chance.int(min * 1_000, max * 1_000));
    },
    note(type, person) {
      happenings.push({ document, signer: person?.id ?? null, type, time });
    },
  };
}

/** How it ends, and at which signer's turn: most are signed by all. */
export interface Ending {
  how: "completed" | "declined" | "canceled" | "unfinished";
  turn: number;
}

export function drawEnding(signers: number, chance: Chance): Ending {
  const how = chance.happens(0.7)
    ? "completed"
    : chance.pick<Ending["how"]>(["declined", "canceled", "unfinished"]);
  return { how, turn: how === "completed" ? signers : chance.int(0, signers - 1) };
}
