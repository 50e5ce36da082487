import { dirname } from "node:path";
import { CountersignError, messageOf } from "../domain/errors.ts";
import { makePrivateFolder } from "../private-files.ts";
import { lock } from "./lock.ts";

/**
 * Makes this process the owner of a store's file, which need not exist. Returns the function that ends that.
 *
 * @throws CountersignError `cannot_start` when another process owns it, or its folder cannot be written to.
 */
export function ownFile(file: string): () => void {
  try {
    makePrivateFolder(dirname(file));
    return lock(file);
  } catch (error) {
    throw cannotOpen(file, error);
  }
}

/** The fault to throw when a store's file cannot be opened: `cause`, where that says it already. */
export function cannotOpen(file: string, cause: unknown): CountersignError {
  if (cause instanceof CountersignError) return cause;
  return new CountersignError(
    "cannot_start",
    `the store ${file} cannot be opened (${messageOf(cause)}): ` +
      "give `store` a file in a folder that this user may write to",
    { cause },
  );
}
