/** What a caller of the admin listener may do. `look`: see everything; `act`: change the bridge as well. */
export const RIGHTS = ["look", "act"] as const;
export type Right = (typeof RIGHTS)[number];

export interface AdminToken {
  /** What the audit calls its bearer. */
  name: string;
  token: string;
  right: Right;
}
