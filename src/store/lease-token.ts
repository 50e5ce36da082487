/**
 * The token of a lease as a worker has it: the position of its delivery, so that the row is found without an
 * index, and what was drawn for the claim, which the row holds.
 */

export function leaseToken(position: number, drawn: string): string {
  return `${position}.${drawn}`;
}

/** Of another text the position is 0, where no row is. */
export function partsOfLeaseToken(token: string): { position: number; drawn: string } {
  const [, position = "0", drawn = ""] = /^(\d{1,15})\.(.*)$/s.exec(token) ?? [];
  return { position: Number(position), drawn };
}
