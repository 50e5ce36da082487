/** Every text of a mapping file, and every key: the words that it knows and the places that it reads. */
export function* textsOf(value: unknown): Generator<string, void> {
  if (typeof value === "string") yield value;
  if (typeof value !== "object" || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    if (!Array.isArray(value)) yield key;
    yield* textsOf(inner);
  }
}
