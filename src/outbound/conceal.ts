/** A shorter header value may occur in an answer by chance. */
const MIN_CREDENTIAL_LENGTH = 8;

/**
 * Removes the request's credentials, access tokens among them, from an answer: a receiver's error page may
 * show its headers.
 */
export function concealCredentials(
  answer: string | null,
  headers: Readonly<Record<string, string>>,
  tokens: readonly string[] = [],
): string | null {
  if (answer === null) return null;
  const values = Object.entries(headers).flatMap(([name, value]) =>
    name === "authorization" ? [value, value.replace(/^\S+\s+/, "")] : [value],
  );
  return [...values, ...tokens]
    .filter(({ length }) => length >= MIN_CREDENTIAL_LENGTH)
    .reduce((text, value) => text.replaceAll(value, "(not kept)"), answer);
}
