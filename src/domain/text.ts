/**
 * Text that every store and receiver can hold: half a surrogate pair or a NUL becomes U+FFFD, always in the
 * same way.
 */
export function storableText(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\u{fffd}");
}

/** Whether a shell takes the text as one word, so that a command to copy may hold it as it is. */
export function isShellWord(text: string): boolean {
  return /^\w[\w.:-]*$/.test(text);
}
