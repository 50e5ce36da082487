import type { Document } from "./document.ts";
import { mustSign } from "./known-signer.ts";

/**
 * What was not told of a completed document: that it was sent, that somebody signed, or that its final PDF is
 * there. Whether its provider tells such things at all is another question.
 */
export const GAPS = ["pdf", "sent", "signature"] as const;
export type Gap = (typeof GAPS)[number];

/** Every set of gaps that has this one, as `gapsOf` gives them. */
export function setsWith(gap: Gap): readonly string[] {
  const others = GAPS.filter((one) => one !== gap);
  const [one, other] = others;
  return [[], [one], [other], others].map((some) => GAPS.filter((g) => g === gap || some.includes(g)).join());
}

/** The gaps of a document, sorted, with commas between; null: none, or it is not completed. */
export function gapsOf(document: Document): string | null {
  if (document.status !== "completed") return null;
  return GAPS.filter((gap) => TESTS[gap](document)).join() || null;
}

const TESTS: Readonly<Record<Gap, (document: Document) => boolean>> = {
  pdf: ({ downloadable }) => !downloadable,
  sent: ({ told, sentAt }) => told !== undefined && sentAt === undefined,
  signature: ({ signers }) => signers.some((one) => mustSign(one) && one.status !== "signed"),
};
