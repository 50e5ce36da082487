import type { Draft, SignerFacts } from "../domain/draft.ts";

/**
 * The fields of a draft that two channels' tellings of one happening are compared by, beside type, subject and
 * time. A field that one of them does not state is not compared.
 */
interface FieldRule {
  name: string;
  /** Values are names, addresses, titles or texts of people: a redacted report does not show them. */
  isPersonal: boolean;
  /** The stated value as text; null: not stated. */
  read(draft: Draft): string | null;
}

/** What each signer of the list states, in the order of their ids; null: no signer states it. */
function listed(signers: readonly SignerFacts[], read: (signer: SignerFacts) => string | null) {
  if (signers.length === 0) return null;
  const stated = signers.flatMap((signer) => {
    const value = read(signer);
    return value === null ? [] : [`${signer.id}: ${value}`];
  });
  return stated.length === 0 ? null : stated.sort().join(", ");
}

const aList = (values: readonly string[] | null) => (values === null ? null : values.toSorted().join(", "));
const anInstant = (at: number | null) => (at === null ? null : new Date(at).toISOString());
const references = (of: Readonly<Record<string, string>> | null) =>
  of && aList(Object.entries(of).map(([name, value]) => `${name}: ${value}`));

export const FIELDS = [
  { name: "document.id", isPersonal: false, read: ({ document }) => document?.id ?? null },
  { name: "document.title", isPersonal: true, read: ({ document }) => document?.title ?? null },
  { name: "document.tags", isPersonal: true, read: ({ document }) => aList(document?.tags ?? null) },
  {
    name: "document.references",
    isPersonal: true,
    read: ({ document }) => references(document?.references ?? null),
  },
  {
    name: "document.test",
    isPersonal: false,
    read: ({ document }) => (document?.test == null ? null : String(document.test)),
  },
  {
    name: "document.expiresAt",
    isPersonal: false,
    read: ({ document }) => anInstant(document?.expiresAt ?? null),
  },
  { name: "signer.id", isPersonal: false, read: ({ signer }) => signer?.id ?? null },
  { name: "signer.name", isPersonal: true, read: ({ signer }) => signer?.name ?? null },
  { name: "signer.email", isPersonal: true, read: ({ signer }) => signer?.email ?? null },
  { name: "signer.role", isPersonal: false, read: ({ signer }) => signer?.role ?? null },
  { name: "signer.status", isPersonal: false, read: ({ signer }) => signer?.status ?? null },
  {
    name: "signers.id",
    isPersonal: false,
    read: ({ signers }) => (signers.length === 0 ? null : aList(signers.map(({ id }) => id))),
  },
  { name: "signers.name", isPersonal: true, read: ({ signers }) => listed(signers, ({ name }) => name) },
  { name: "signers.email", isPersonal: true, read: ({ signers }) => listed(signers, ({ email }) => email) },
  { name: "signers.role", isPersonal: false, read: ({ signers }) => listed(signers, ({ role }) => role) },
  {
    name: "signers.status",
    isPersonal: false,
    read: ({ signers }) => listed(signers, ({ status }) => status),
  },
  { name: "reason", isPersonal: true, read: ({ reason }) => reason },
  // Compared only where both channels look words up in the same tables.
  { name: "code", isPersonal: false, read: ({ code }) => `${code.object ?? ""} ${code.value}`.trim() },
] as const satisfies readonly FieldRule[];

export type FactField = (typeof FIELDS)[number]["name"];
export const FACT_FIELDS = FIELDS.map(({ name }) => name) as readonly FactField[];
export const CODE_FIELD = FACT_FIELDS.indexOf("code");

/**
 * The same for texts that differ in writing alone: case, spaces, the form of accents. Such a difference is
 * harmless.
 */
export function withoutFormat(text: string): string {
  const plain = isPlain(text) ? text : text.normalize("NFKC");
  return plain.trim().replaceAll(/\s+/g, " ").toLowerCase();
}

function isPlain(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}
