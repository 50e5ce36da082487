import { CountersignError } from "../domain/errors.ts";
import { formatSize } from "../domain/quantity.ts";
import type { Mapping } from "../mapping/compile.ts";
import { parseMapping } from "../mapping/load.ts";
import type { FileProblem } from "../yaml.ts";

/** What somebody pastes into the mapping bench. */

export const WRITTEN_AS = ["text", "base64", "hex"] as const;
export type WrittenAs = (typeof WRITTEN_AS)[number];

/**
 * The bytes of a pasted body. A form sends line breaks as CR LF; they count as LF, and one at the end as
 * none.
 *
 * @throws CountersignError `bad_request`: the text is not written so.
 */
export function bytesOf(text: string, writtenAs: WrittenAs): Buffer {
  const lines = text.replaceAll("\r\n", "\n");
  if (writtenAs === "text") return Buffer.from(lines.replace(/\n$/, "").toWellFormed());
  const packed = lines.replace(/\s+/g, "");
  const fits = writtenAs === "hex" ? /^(?:[0-9a-f]{2})*$/i : /^[A-Za-z0-9+/_-]*={0,2}$/;
  if (!fits.test(packed))
    throw new CountersignError("bad_request", `the body is not written in ${writtenAs}`);
  return Buffer.from(packed, writtenAs);
}

/** Parsing is one step, so a longer text would hold up requests. */
const MAX_MAPPING = 256 * 1_024;

export interface PastedMapping {
  text: string;
  /** Null: it is not good. */
  mapping: Mapping | null;
  problems: readonly FileProblem[];
}

/**
 * A pasted mapping, checked as `countersign check` does. Null: nothing was pasted.
 *
 * @throws CountersignError `bad_request`: it is too long, or of another provider.
 */
export function readPasted(pasted: string | undefined, provider: string): PastedMapping | null {
  const text = (pasted ?? "").replaceAll("\r\n", "\n");
  if (text.trim() === "") return null;
  if (text.length > MAX_MAPPING)
    throw new CountersignError("bad_request", `the mapping is longer than ${formatSize(MAX_MAPPING)}`);
  const { mapping, problems } = parseMapping(text, "the pasted mapping", provider);
  if (mapping && mapping.provider !== provider)
    throw new CountersignError(
      "bad_request",
      `the pasted mapping is of ${mapping.provider}, and the request of ${provider}`,
    );
  return { text, mapping, problems };
}
