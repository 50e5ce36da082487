import type { Draft, SignerFacts } from "../domain/draft.ts";
import type { EventRule } from "../mapping/compile.ts";

/**
 * The fields of a draft that two channels' tellings of one happening are compared by, beside type, subject
 * and time. A field that one of them does not state is not compared.
 */
interface FieldRule {
  name: string;
  /** Values are names, addresses, titles or texts of people: a redacted report does not show them. */
  isPersonal: boolean;
  /** Whether this part of a mapping reads it. */
  isIn(rules: EventRule): boolean;
  /** The stated value as text; null: not stated. */
  read(draft: Draft): string | null;
}

/** What is said of each signer of the list, in the order of their ids; null: no signer is listed. */
function listed(signers: readonly SignerFacts[], read: (signer: SignerFacts) => string | null) {
  if (signers.length === 0) return null;
  return aList(signers.map((signer) => `${signer.id}: ${read(signer) ?? "–"}`));
}

const aList = (values: readonly string[] | null) => (values === null ? null : values.toSorted().join(", "));
const anInstant = (at: number | null) => (at === null ? null : new Date(at).toISOString());
const references = (of: Readonly<Record<string, string>> | null) =>
  of && aList(Object.entries(of).map(([name, value]) => `${name}: ${value}`));

const hasSigners =
  (key: "id" | "name" | "email" | "role" | "status") =>
  ({ signers }: EventRule) =>
    signers.some((rule) => rule[key] !== null);

export const FIELDS = [
  {
    name: "document.id",
    isPersonal: false,
    isIn: ({ document }) => document !== null,
    read: ({ document }) => document?.id ?? null,
  },
  {
    name: "document.title",
    isPersonal: true,
    isIn: ({ document }) => document?.title != null,
    read: ({ document }) => document?.title ?? null,
  },
  {
    name: "document.tags",
    isPersonal: true,
    isIn: ({ document }) => (document?.tags.length ?? 0) > 0,
    read: ({ document }) => aList(document?.tags ?? null),
  },
  {
    name: "document.references",
    isPersonal: true,
    isIn: ({ document }) => document?.references != null,
    read: ({ document }) => references(document?.references ?? null),
  },
  {
    name: "document.test",
    isPersonal: false,
    isIn: ({ document }) => document?.test != null,
    read: ({ document }) => (document?.test == null ? null : String(document.test)),
  },
  {
    name: "document.expiresAt",
    isPersonal: false,
    isIn: ({ document }) => document?.expiresAt != null,
    read: ({ document }) => anInstant(document?.expiresAt ?? null),
  },
  {
    name: "signer.name",
    isPersonal: true,
    isIn: ({ signer }) => signer?.name != null,
    read: ({ signer }) => signer?.name ?? null,
  },
  {
    name: "signer.email",
    isPersonal: true,
    isIn: ({ signer }) => signer?.email != null,
    read: ({ signer }) => signer?.email ?? null,
  },
  {
    name: "signer.role",
    isPersonal: false,
    isIn: ({ signer }) => signer?.role != null,
    read: ({ signer }) => signer?.role ?? null,
  },
  {
    name: "signer.status",
    isPersonal: false,
    isIn: ({ signer }) => signer?.status != null,
    read: ({ signer }) => signer?.status ?? null,
  },
  {
    name: "signers.id",
    isPersonal: false,
    isIn: ({ signers }) => signers.length > 0,
    read: ({ signers }) => (signers.length === 0 ? null : aList(signers.map(({ id }) => id))),
  },
  {
    name: "signers.name",
    isPersonal: true,
    isIn: hasSigners("name"),
    read: ({ signers }) => listed(signers, ({ name }) => name),
  },
  {
    name: "signers.email",
    isPersonal: true,
    isIn: hasSigners("email"),
    read: ({ signers }) => listed(signers, ({ email }) => email),
  },
  {
    name: "signers.role",
    isPersonal: false,
    isIn: hasSigners("role"),
    read: ({ signers }) => listed(signers, ({ role }) => role),
  },
  {
    name: "signers.status",
    isPersonal: false,
    isIn: hasSigners("status"),
    read: ({ signers }) => listed(signers, ({ status }) => status),
  },
  {
    name: "reason",
    isPersonal: true,
    isIn: ({ reason }) => reason !== null,
    read: ({ reason }) => reason,
  },
  // Compared only where both channels look words up in the same tables.
  {
    name: "code",
    isPersonal: false,
    isIn: () => true,
    read: ({ code }) => `${code.object ?? ""} ${code.value}`.trim(),
  },
] as const satisfies readonly FieldRule[];

export type FactField = (typeof FIELDS)[number]["name"];
export const FACT_FIELDS = FIELDS.map(({ name }) => name) as readonly FactField[];
export const CODE_FIELD = FACT_FIELDS.indexOf("code");

/** The fields that a part of a mapping reads, a bit for each of `FIELDS`. */
export function fieldsIn(rules: EventRule): number {
  return FIELDS.reduce((mask, { isIn }, bit) => (isIn(rules) ? mask | (1 << bit) : mask), 0);
}

/**
 * The same for texts that differ in writing alone: case, spaces, the form of accents. Such a difference is
 * harmless.
 */
export function withoutFormat(text: string): string {
  if (isPlain(text)) return text;
  return text.normalize("NFKC").trim().replaceAll(/\s+/g, " ").toLowerCase();
}

/** Of small letters, digits and signs of ASCII alone, as ids and words are: most texts. */
function isPlain(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code <= 0x20 || code > 0x7e || (code >= 0x41 && code <= 0x5a)) return false;
  }
  return true;
}
