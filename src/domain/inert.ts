/**
 * Control characters, and characters that reorder or hide text, such as bidirectional marks. Joiners are not
 * among them, since some scripts need them. https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing
 */
const ACTIVE = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/**
 * Makes foreign text (titles, ids, codes, responses) safe for a terminal: characters that move the cursor,
 * change colours or reorder the line become `\u{…}`. The result is one line.
 */
export function inert(text: string): string {
  return text.replace(ACTIVE, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}
