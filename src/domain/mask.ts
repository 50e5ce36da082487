/** E-mail addresses shown so that a person can tell two apart without reading either whole. */

const HIDDEN = "•••";

/** What cannot stand before the `@` of an address, outside of quotation marks. */
const SEPARATOR = /[\s<>()[\]{}"'“”,;:=&?/\\]/u;

/**
 * `a•••@example.com`. A local part of one letter is hidden; of a text that is no address one letter is shown.
 */
export function maskAddress(address: string): string {
  const at = address.lastIndexOf("@");
  return at < 0 ? mask(address) : `${mask(address.slice(0, at))}${address.slice(at)}`;
}

/** The text with every address in it masked, in time proportional to its length. */
export function maskAddresses(text: string): string {
  const parts = text.split("@");
  return parts.map((part, index) => (index < parts.length - 1 ? maskEnd(part) : part)).join("@");
}

/** Masks the local part that ends the text, which an `@` follows. */
function maskEnd(text: string): string {
  const from = startOfLocalPart(text);
  return from === text.length ? text : `${text.slice(0, from)}${mask(text.slice(from))}`;
}

function startOfLocalPart(text: string): number {
  if (text.endsWith('"') && text.length > 1) return Math.max(0, text.lastIndexOf('"', text.length - 2));
  let from = text.length;
  while (from > 0 && !SEPARATOR.test(text.charAt(from - 1))) from -= 1;
  return from;
}

function mask(localPart: string): string {
  const [first = "", second] = localPart.slice(0, 4);
  return second === undefined ? HIDDEN : `${first}${HIDDEN}`;
}

/** A person's name with the first letter of each word: `A••• L•••`. */
export function maskName(name: string): string {
  const words = maskAddresses(name.slice(0, MAX_NAME_LENGTH)).trim().split(/\s+/).slice(0, MAX_WORDS);
  return words.map((word) => (word.includes("@") ? word : mask([...word].slice(0, 2).join("")))).join(" ");
}

const MAX_NAME_LENGTH = 200;
const MAX_WORDS = 6;
