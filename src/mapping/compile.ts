import type { SignerRole, SignerStatus } from "../domain/event.ts";
import { type AnswerRule, type ChallengeRule, compileAnswer, compileChallenges } from "./answer.ts";
import { type CheckRule, compileCheck } from "./check.ts";
import {
  compileBoolean,
  compileRole,
  compileStatus,
  compileText,
  compileTime,
  type Field,
  listOf,
  maybe,
} from "./field.ts";
import { type Path, parsePath } from "./path.ts";
import { parseRequestPlace, type RequestPlace } from "./request-place.ts";
import type { EventFile, MappingFile, ReferencesFile } from "./schema.ts";
import { compileTables, compileWord, type Tables, type WordRule } from "./table.ts";

/** A compiled mapping file: patterns compiled, names resolved, defaults filled in. */
export interface Mapping {
  provider: string;
  title: string;
  /** The provider's documentation of its webhooks; null: the file does not say. */
  documentation: string | null;
  /** What the file infers without documentation. */
  unproved: readonly string[];
  /** The mapping's name and the digest of its text, such as `lumin@sha256:0123456789ab`. */
  digest: string;
  /** Whether a word of it reopens documents, so that an event that happens once can happen again. */
  reopenable: boolean;
  channels: ReadonlyMap<string, MappingChannel>;
  /** All texts and keys of the file: its words and its places. */
  texts: ReadonlySet<string>;
  /** The file as it was read, for people who ask which of its lines said something. */
  source: MappingSource;
}

export interface MappingSource {
  file: string;
  text: string;
}

export interface MappingChannel {
  name: string;
  title: string;
  /** The steps at the provider; null: the file does not say. */
  setup: string | null;
  checks: readonly CheckRule[];
  read: ReadRule;
  event: EventRule;
  /** Null: the bridge's own answer. */
  answer: AnswerRule | null;
  challenges: readonly ChallengeRule[];
  /** The answers to genuine requests in forms that cannot be read. */
  refuse: { xml?: string | undefined };
  /** The longest body in bytes; null: as configured for all channels. */
  maxBody: number | null;
}

/** Where the payload is, and where its items are. */
export interface ReadRule {
  from: RequestPlace;
  as: "json" | "form";
  /** Members of the payload that are JSON text. */
  parse: readonly string[];
  /** The path to the list of items; null: the payload is the one item. */
  each: Path | null;
  /** An object in place of the list is the one item. */
  single: boolean;
  /** Where a signature of a form was checked, only the fields that it covers count. */
  signedOnly: boolean;
}

/** The fields of an item that become the facts of an event. Null: the provider has no such field. */
export interface EventRule {
  words: readonly WordRule[];
  id: Field<string> | null;
  /** Whether an id in Countersign's format becomes the event's own. */
  keepId: boolean;
  time: Field<number> | null;
  /** An item without a time is no problem. */
  isTimeOptional: boolean;
  document: DocumentRule | null;
  signer: SignerRule | null;
  signers: readonly SignersRule[];
  reason: Field<string> | null;
}

export interface DocumentRule {
  id: Field<string>;
  title: Field<string> | null;
  tags: readonly Field<string>[];
  references: ReferencesRule | null;
  test: Field<boolean> | null;
  expiresAt: Field<number> | null;
}

/** Where the sender's own keys and values are. */
export interface ReferencesRule {
  /** The path to an object whose members they are, or to a list of them; null: only `fields`. */
  each: Path | null;
  /** The fields of name and value in an element of the list; null: `each` leads to an object. */
  element: { name: Field<string>; value: Field<string> } | null;
  fields: readonly (readonly [name: string, value: Field<string>])[];
}

export interface SignerRule {
  id: Field<string> | null;
  name: Field<string> | null;
  email: Field<string> | null;
  role: Field<SignerRole> | null;
  status: Field<SignerStatus> | null;
}

export interface SignersRule extends SignerRule {
  /** The path to the list. */
  each: Path;
  /** An object in place of the list is the one signer. */
  single: boolean;
}

/** Compiles a checked file. `digest` names the text of `source`; a table that is missing has no words. */
export function compileMapping(file: MappingFile, digest: string, source: MappingSource): Mapping {
  const { provider, title, documentation = null, unproved = [] } = file;
  const tables = compileTables(file.tables);
  const channels = Object.entries(file.channels).flatMap(([name, channel]) => {
    const { verify = [], read, event, answer, challenge, ...shared } = { ...file, ...channel };
    const { refuse = {}, maxBody = null } = shared;
    if (!event) return [];
    const rules = {
      checks: verify.map(compileCheck),
      read: compileRead(read),
      event: compileEvent(event, tables),
      answer: maybe(answer, compileAnswer),
      challenges: challenge ? compileChallenges(challenge) : [],
    };
    const { title, setup = null } = channel;
    return [[name, { name, title, setup, ...rules, refuse, maxBody }] as const];
  });
  const cases = [...tables.values()].flatMap((words) => [...words.values()].flat());
  const reopenable = cases.some(({ meaning }) => meaning.reopens !== null);
  const about = { provider, title, documentation, unproved };
  const texts = new Set(textsOf(file));
  return { ...about, digest, reopenable, channels: new Map(channels), texts, source };
}

function compileRead(file: MappingFile["read"]): ReadRule {
  const { from = "body", as = "json", parse = [], each, single = false, signedOnly = false } = file ?? {};
  return { from: parseRequestPlace(from), as, parse, each: maybe(each, parsePath), single, signedOnly };
}

function compileEvent(file: EventFile, tables: Tables): EventRule {
  const { word, id, keepId, time, document, signer, signers, reason } = file;
  return {
    words: listOf(word).map((one) => compileWord(one, tables)),
    id: maybe(id, compileText),
    keepId,
    time: maybe(time, compileTime),
    isTimeOptional: time === undefined || listOf(time).some(({ optional }) => optional === true),
    document: maybe(document, ({ id, title, tags = [], references, test, expiresAt }) => ({
      id: compileText(id),
      title: maybe(title, compileText),
      tags: tags.map(compileText),
      references: maybe(references, compileReferences),
      test: maybe(test, compileBoolean),
      expiresAt: maybe(expiresAt, compileTime),
    })),
    signer: maybe(signer, compileSigner),
    signers: listOf(signers ?? []).map(({ each, single, ...signer }) => ({
      each: parsePath(each),
      single,
      ...compileSigner(signer),
    })),
    reason: maybe(reason, compileText),
  };
}

function compileReferences({ each, name, value, fields = {} }: ReferencesFile): ReferencesRule {
  return {
    each: maybe(each, parsePath),
    element:
      name === undefined || value === undefined
        ? null
        : { name: compileText(name), value: compileText(value) },
    fields: Object.entries(fields).map(([key, field]) => [key, compileText(field)] as const),
  };
}

function compileSigner({ id, name, email, role, status }: NonNullable<EventFile["signer"]>): SignerRule {
  return {
    id: maybe(id, compileText),
    name: maybe(name, compileText),
    email: maybe(email, compileText),
    role: maybe(role, compileRole),
    status: maybe(status, compileStatus),
  };
}

/** All texts and keys of a value. */
function* textsOf(value: unknown): Generator<string, void> {
  if (typeof value === "string") yield value;
  if (typeof value !== "object" || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    if (!Array.isArray(value)) yield key;
    yield* textsOf(inner);
  }
}
