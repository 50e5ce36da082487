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
import { textsOf } from "./texts.ts";

/** A mapping file, ready to be used: patterns compiled, names resolved, defaults filled in. */
export interface Mapping {
  provider: string;
  title: string;
  /** Where the provider documents its webhooks; null: the file does not say. */
  documentation: string | null;
  /** What of the file is inferred and not documented. */
  unproved: readonly string[];
  /** Which text of which mapping this is, such as `lumin@sha256:0123456789ab`. */
  digest: string;
  /** Whether one of its words lets a document start again, so that what happens once can happen again. */
  reopenable: boolean;
  channels: ReadonlyMap<string, MappingChannel>;
  /** Every text of the file, and every key: the words that it knows and the places that it reads. */
  texts: ReadonlySet<string>;
}

export interface MappingChannel {
  name: string;
  title: string;
  /** What to do at the provider; null: the file does not say. */
  setup: string | null;
  checks: readonly CheckRule[];
  read: ReadRule;
  event: EventRule;
  /** Null: the bridge's own. */
  answer: AnswerRule | null;
  challenges: readonly ChallengeRule[];
  /** What genuine requests that cannot be read are told. */
  refuse: { xml?: string | undefined };
  /** How long the provider's bodies may be, in bytes; null: as long as others'. */
  maxBody: number | null;
}

/** Where the payload is, and how its items are told apart. */
export interface ReadRule {
  from: RequestPlace;
  as: "json" | "form";
  /** Members of the payload that are JSON text. */
  parse: readonly string[];
  /** Where the list of items is; null: the payload is the one item. */
  each: Path | null;
  /** An object where the list should be is the one item. */
  single: boolean;
  /** Of a form only the fields count that a signature covers, where one was checked. */
  signedOnly: boolean;
}

/** Which fields of an item become which facts of an event. Null: the provider never says. */
export interface EventRule {
  words: readonly WordRule[];
  id: Field<string> | null;
  /** Whether an id as Countersign makes them is the event's own. */
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
  /** The object whose members they are, or the list of which each element is one; null: only `fields`. */
  each: Path | null;
  /** How an element of the list gives name and value; null: `each` leads to an object. */
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
  /** Where the list is. */
  each: Path;
  /** An object where the list should be is the one signer. */
  single: boolean;
}

/** The mapping that a checked file describes. `digest` names the file's text; a table that is not there has no words. */
export function compileMapping(file: MappingFile, digest: string): Mapping {
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
  return { ...about, digest, reopenable, channels: new Map(channels), texts: new Set(textsOf(file)) };
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
