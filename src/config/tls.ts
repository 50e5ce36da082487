import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { createSecureContext, type SecureContext } from "node:tls";
import { messageOf, messageWithoutPath } from "../domain/errors.ts";
import type { TlsFiles } from "./reach-schema.ts";

/** A problem of a destination; `path` starts there. */
export interface Complaint {
  path: readonly (string | number)[];
  message: string;
}

type File = "ca" | "cert" | "key";

/** A section `tls`, and the URL that it is for. */
export interface TlsSection {
  tls: TlsFiles | undefined;
  url: string;
  /** The key of the URL. */
  urlKey: string;
  /** Where the section stands in the destination. */
  path: readonly string[];
}

/**
 * Reads the files of `tls`, at the start and at each reload. The context is null where there is no `tls`, or
 * it has complaints.
 */
export function readTls(
  { tls, url, urlKey, path }: TlsSection,
  folder: string,
): { context: SecureContext | null; complaints: Complaint[] } {
  if (!tls) return { context: null, complaints: [] };
  const complaints: Complaint[] = [];
  const refuse = (below: readonly string[], message: string) => {
    complaints.push({ path: [...path, ...below], message });
    return undefined;
  };
  const read = (which: File): string | undefined => {
    const file = tls[which];
    if (file === undefined) return undefined;
    try {
      return which === "key" ? readText(folder, file) : readCertificates(folder, file);
    } catch (error) {
      return refuse([which], messageOf(error));
    }
  };
  if (!url.startsWith("https:")) refuse([], `is for https, and \`${urlKey}\` is not`);
  else {
    const [ca, cert, key] = [read("ca"), read("cert"), read("key")];
    if (complaints.length === 0) {
      const context = contextOf({ ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) }, refuse);
      return { context, complaints };
    }
  }
  return { context: null, complaints };
}

function contextOf(
  files: Partial<Record<File, string>>,
  refuse: (below: readonly string[], message: string) => void,
): SecureContext | null {
  try {
    return createSecureContext(files);
  } catch (error) {
    const which = files.key === undefined ? [] : ["key"];
    refuse(which, `is no private key in PEM that belongs to \`cert\` (${messageOf(error)})`);
    return null;
  }
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
