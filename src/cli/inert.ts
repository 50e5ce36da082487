/**
 * Controls, but also what reorders or hides text: bidirectional marks and the like. Joiners stay, since some scripts are written with
 * them. https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing
 */
const ACTIVE = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/**
 * Text of strangers (titles, ids, codes, answers) as it can be printed on a terminal: what would move the cursor, change colours or
 * reorder the line is shown as `\u{…}` and does nothing. It is one line then.
 */
export function inert(text: string): string {
  return text.replace(ACTIVE, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}
