/**
 * Text that every store and receiver can hold: half a surrogate pair or a NUL becomes U+FFFD, always in the
 * same way.
 */
export function storableText(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\u{fffd}");
}
