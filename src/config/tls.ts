import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { createSecureContext, type SecureContext } from "node:tls";
import { messageOf, messageWithoutPath } from "../domain/errors.ts";
import type { DestinationFile } from "./destination-schema.ts";

/** A problem of a destination; `path` starts there. */
export interface Complaint {
  path: readonly (string | number)[];
  message: string;
}

type File = "ca" | "cert" | "key";

/**
 * Reads the files of `tls`, once, at the start. The context is null where there is no `tls`, or it has
 * complaints.
 */
export function readTls(
  { url, tls }: Pick<DestinationFile, "url" | "tls">,
  folder: string,
): { context: SecureContext | null; complaints: Complaint[] } {
  if (!tls) return { context: null, complaints: [] };
  if (!url.startsWith("https:")) return refuse([], "is for https, and `url` is not");
  const complaints: Complaint[] = [];
  const read = (which: File): string | undefined => {
    const file = tls[which];
    if (file === undefined) return undefined;
    try {
      return which === "key" ? readText(folder, file) : readCertificates(folder, file);
    } catch (error) {
      complaints.push({ path: ["tls", which], message: messageOf(error) });
      return undefined;
    }
  };
  const [ca, cert, key] = [read("ca"), read("cert"), read("key")];
  if (complaints.length > 0) return { context: null, complaints };
  return contextOf({ ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) });
}

function contextOf(files: Partial<Record<File, string>>): ReturnType<typeof readTls> {
  try {
    return { context: createSecureContext(files), complaints: [] };
  } catch (error) {
    const which = files.key === undefined ? [] : ["key"];
    return refuse(which, `is no private key in PEM that belongs to \`cert\` (${messageOf(error)})`);
  }
}

function refuse(below: readonly string[], message: string): ReturnType<typeof readTls> {
  return { context: null, complaints: [{ path: ["tls", ...below], message }] };
}

function readText(folder: string, file: string): string {
  try {
    return readFileSync(resolve(folder, file), "utf8");
  } catch (error) {
    throw new Error(`cannot be read (${messageWithoutPath(error)})`);
  }
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----/gs;

/** All certificates of a file must be valid: a silently skipped one would be missed at the first delivery. */
function readCertificates(folder: string, file: string): string {
  const text = readText(folder, file);
  const found = text.match(CERTIFICATE) ?? [];
  if (found.length === 0)
    throw new Error("holds no certificate in PEM: it would begin with -----BEGIN CERTIFICATE-----");
  try {
    for (const certificate of found) new X509Certificate(certificate);
  } catch (error) {
    throw new Error(`holds what is no certificate (${messageOf(error)})`);
  }
  return text;
}
