import { createHmac, timingSafeEqual } from "node:crypto";
import type { Fingerprints } from "../domain/receipt.ts";
import { formatPlace, type HeadPlace } from "../mapping/request-place.ts";
import { bytesInHead } from "./at-place.ts";
import type { Channel, Check } from "./channel.ts";
import type { RequestHead } from "./request.ts";

/** Why a request is refused, in words that help to configure the provider and tell an attacker nothing. */
export interface Refusal {
  refused: string;
  /** Absent: the request is not genuine. */
  code?: "unsupported_media_type";
}

type CheckOf<Kind extends Check["kind"]> = Extract<Check, { kind: Kind }>;

/**
 * The checks that need no body: token, password, and values of headers and parameters. Null: they pass, or
 * the channel has none. They come before the body is read, so that a sender without credentials costs next to
 * nothing.
 */
export function refuseCredentials(head: RequestHead, { checks }: Pick<Channel, "checks">): Refusal | null {
  for (const check of checks) {
    const refusal = isCredential(check) ? refuseBy(head, check) : null;
    if (refusal) return refusal;
  }
  return null;
}

type Credential = CheckOf<"token" | "basic" | "equals">;

/** Whether a check needs nothing but the head of a request. */
function isCredential(check: Check): check is Credential {
  return check.kind === "token" || check.kind === "basic" || check.kind === "equals";
}

function refuseBy(head: RequestHead, check: Credential): Refusal | null {
  switch (check.kind) {
    case "token":
      return refuseToken(head, check);
    case "basic":
      return refuseBasic(fingerprintsOf(head), check);
    case "equals":
      return refuseEquals(head, check);
  }
}

/** Whether a place has the newest of the values that it may have. */
export function hasNewest(head: RequestHead, { place, values: [newest] }: CheckOf<"equals">): boolean {
  const given = fingerprintsOf(head, [place]).places?.[formatPlace(place)];
  return given !== undefined && newest !== undefined && isSameFingerprint(given, fingerprint(newest));
}

function refuseEquals(head: RequestHead, { place, values }: CheckOf<"equals">): Refusal | null {
  const name = formatPlace(place);
  const given = fingerprintsOf(head, [place]).places?.[name];
  if (given === undefined)
    return { refused: `the request has no ${name}, which should have the configured value` };
  // All values are compared, so that the time does not show which one matched.
  const matches = values.filter((value) => isSameFingerprint(given, fingerprint(value)));
  return matches.length > 0 ? null : { refused: `what ${name} has is not the configured value` };
}

function refuseToken(head: RequestHead, { token }: CheckOf<"token">): Refusal | null {
  const { token: given } = fingerprintsOf(head);
  if (given === null)
    return { refused: "the URL has no token: the provider must be told to post to …?token=…" };
  if (isSameFingerprint(given, fingerprint(token))) return null;
  // Some providers add ?signature=… to a URL that has a query already.
  const hint = head.query.get("token")?.includes("?")
    ? ", for the URL has a second question mark: put the token into the path, as one more segment"
    : "";
  return { refused: `the token in the URL is not the configured one${hint}` };
}

function refuseBasic({ authorization }: Fingerprints, { user, password }: CheckOf<"basic">): Refusal | null {
  const given = authorization ?? "";
  const text = `${user}:${password}`;
  // The charset of user name and password is open (RFC 7617, section 2.1); these two are in use.
  const ways = [Buffer.from(text), ...(LATIN1.test(text) ? [Buffer.from(text, "latin1")] : [])];
  const matches = ways.map((bytes) => isSameFingerprint(given, fingerprint(basicOf(bytes))));
  return matches.includes(true) ? null : { refused: "the user name or password is not the configured one" };
}

/**
 * Fingerprints of a request's credentials, which can be compared and not used. `places` are those that hold a
 * secret.
 */
export function fingerprintsOf(head: RequestHead, places: readonly HeadPlace[] = []): Fingerprints {
  const token = head.pathToken ?? head.query.get("token");
  const { authorization } = head.headers;
  const own = {
    token: token === null ? null : fingerprint(token),
    authorization: authorization === undefined ? null : fingerprint(canonical(authorization)),
    ...(places.length === 0 ? {} : { places: fingerprintsAt(head, places) }),
  };
  const { shown } = head;
  return shown
    ? { ...own, ...shown, ...(own.places && { places: { ...own.places, ...shown.places } }) }
    : own;
}

/**
 * By place, as mappings write it. Several values at one place share a fingerprint, which equals that of none
 * of them.
 */
function fingerprintsAt(head: RequestHead, places: readonly HeadPlace[]): Record<string, string> {
  const found = places.map((place) => [formatPlace(place), bytesInHead(head, place)] as const);
  return Object.fromEntries(
    found.flatMap(([name, values]) =>
      values.length === 0
        ? []
        : [[name, fingerprint(values.map((bytes) => Buffer.from(bytes).toString()).join(", "))]],
    ),
  );
}

const LATIN1 = /^[\0-\xff]*$/;

const BASIC = /^basic[ \t]+([A-Za-z0-9+/]+)={0,2}$/i;

/**
 * Basic credentials in one spelling: the scheme's case, the white space after it and the padding may differ
 * (RFC 9110, section 11.4). Anything else stays as it is, such as a repeated header.
 */
function canonical(authorization: string): string {
  const [, base64] = BASIC.exec(authorization.trim()) ?? [];
  return base64 === undefined ? authorization : basicOf(Buffer.from(base64, "base64"));
}

function basicOf(userAndPassword: Buffer): string {
  return `Basic ${userAndPassword.toString("base64")}`;
}

/** Compares in constant time: where the two differ does not show. */
export function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

function isSameFingerprint(a: string, b: string): boolean {
  return isSame(Buffer.from(a), Buffer.from(b));
}

/** Compares digests in constant time, so that not even the length shows. */
export function isSameText(a: string, b: string): boolean {
  return isSameFingerprint(fingerprint(a), fingerprint(b));
}

function fingerprint(text: string): string {
  return createHmac("sha256", "countersign").update(text).digest("hex");
}
