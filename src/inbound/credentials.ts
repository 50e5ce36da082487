import { createHmac, timingSafeEqual } from "node:crypto";
import type { Fingerprints } from "../domain/receipt.ts";
import type { Channel, Check } from "./channel.ts";
import type { RequestHead } from "./request.ts";

/** Why a request is not taken for genuine, in words that help whoever configures the provider and tell an attacker nothing. */
export interface Refusal {
  refused: string;
}

type CheckOf<Kind extends Check["kind"]> = Extract<Check, { kind: Kind }>;

/**
 * The checks that need no body, and cost next to nothing: token and password. Null: they pass, or the channel has none. They are
 * judged before the body is read, so that whoever does not know them makes the bridge do no work.
 */
export function refuseCredentials(head: RequestHead, { checks }: Pick<Channel, "checks">): Refusal | null {
  for (const check of checks) {
    if (check.kind !== "token" && check.kind !== "basic") continue;
    const shown = fingerprintsOf(head);
    const refusal = check.kind === "token" ? refuseToken(shown, check) : refuseBasic(shown, check);
    if (refusal) return refusal;
  }
  return null;
}

function refuseToken({ token: given }: Fingerprints, { token }: CheckOf<"token">): Refusal | null {
  if (given === null)
    return { refused: "the URL has no token: the provider must be told to post to …?token=…" };
  return isSameFingerprint(given, fingerprint(token))
    ? null
    : { refused: "the token in the URL is not the configured one" };
}

function refuseBasic({ authorization }: Fingerprints, { user, password }: CheckOf<"basic">): Refusal | null {
  const given = authorization ?? "";
  const text = `${user}:${password}`;
  // Nothing says in which charset a client writes them (RFC 7617, section 2.1); these two are in use.
  const ways = [Buffer.from(text), ...(LATIN1.test(text) ? [Buffer.from(text, "latin1")] : [])];
  const matches = ways.map((bytes) => isSameFingerprint(given, fingerprint(basicOf(bytes))));
  return matches.includes(true) ? null : { refused: "the user name or password is not the configured one" };
}

/** What stands for the credentials that a request shows: enough to compare them, and nothing to use them by. */
export function fingerprintsOf(head: RequestHead): Fingerprints {
  if (head.shown) return head.shown;
  const token = head.pathToken ?? head.query.get("token");
  const { authorization } = head.headers;
  return {
    token: token === null ? null : fingerprint(token),
    authorization: authorization === undefined ? null : fingerprint(canonical(authorization)),
  };
}

const LATIN1 = /^[\0-\xff]*$/;

const BASIC = /^basic[ \t]+([A-Za-z0-9+/]+)={0,2}$/i;

/**
 * Basic credentials in one way of writing them: the scheme is without regard to case, any white space may follow it, and the
 * padding may be missing (RFC 9110, section 11.4). Anything else is left alone, a repeated header among it.
 */
function canonical(authorization: string): string {
  const [, base64] = BASIC.exec(authorization.trim()) ?? [];
  return base64 === undefined ? authorization : basicOf(Buffer.from(base64, "base64"));
}

function basicOf(userAndPassword: Buffer): string {
  return `Basic ${userAndPassword.toString("base64")}`;
}

/** Compares in a time that does not depend on where the two differ. */
export function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

function isSameFingerprint(a: string, b: string): boolean {
  return isSame(Buffer.from(a), Buffer.from(b));
}

/** As `isSame`, over digests, so that not even the length shows. */
export function isSameText(a: string, b: string): boolean {
  return isSameFingerprint(fingerprint(a), fingerprint(b));
}

function fingerprint(text: string): string {
  return createHmac("sha256", "countersign").update(text).digest("hex");
}
