import { createHmac, timingSafeEqual } from "node:crypto";
import type { Fingerprints } from "../domain/receipt.ts";
import { formatPlace, type RequestPlace } from "../mapping/request-place.ts";
import { everythingIn, type PayloadRule } from "./at-place.ts";
import type { Channel, Check } from "./channel.ts";
import type { RawRequest, RequestHead } from "./request.ts";

/** Why a request is not taken for genuine, in words that help whoever configures the provider and tell an attacker nothing. */
export interface Refusal {
  refused: string;
  /** Absent: it is not genuine. */
  code?: "unsupported_media_type";
}

type CheckOf<Kind extends Check["kind"]> = Extract<Check, { kind: Kind }>;

/**
 * The checks that need no body, and cost next to nothing: token, password, and values of headers and parameters. Null: they pass, or the
 * channel has none. They are judged before the body is read, so that whoever does not know them makes the bridge do no work.
 */
export function refuseCredentials(head: RequestHead, { checks }: Pick<Channel, "checks">): Refusal | null {
  for (const check of checks) {
    const refusal = needsNoBody(check) ? refuseBy(head, check) : null;
    if (refusal) return refusal;
  }
  return null;
}

type Credential = CheckOf<"token" | "basic" | "equals">;

function needsNoBody(check: Check): check is Credential {
  if (check.kind === "equals") return check.place.in === "header" || check.place.in === "query";
  return check.kind === "token" || check.kind === "basic";
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

/** Of a place in the body it needs the whole request. */
export function refuseEquals(
  request: RequestHead | RawRequest,
  { place, values }: CheckOf<"equals">,
): Refusal | null {
  const name = formatPlace(place);
  const given = fingerprintsOf(request, [place]).places?.[name];
  if (given === undefined)
    return { refused: `the request has no ${name}, which should have the configured value` };
  // All are compared, so that the time does not show which one it was.
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
  // Nothing says in which charset a client writes them (RFC 7617, section 2.1); these two are in use.
  const ways = [Buffer.from(text), ...(LATIN1.test(text) ? [Buffer.from(text, "latin1")] : [])];
  const matches = ways.map((bytes) => isSameFingerprint(given, fingerprint(basicOf(bytes))));
  return matches.includes(true) ? null : { refused: "the user name or password is not the configured one" };
}

/**
 * What stands for the credentials that a request shows: enough to compare them, and nothing to use them by. `places` are those that
 * hold a secret.
 */
export function fingerprintsOf(
  request: RequestHead | RawRequest,
  places: readonly RequestPlace[] = [],
): Fingerprints {
  const token = request.pathToken ?? request.query.get("token");
  const { authorization } = request.headers;
  const own = {
    token: token === null ? null : fingerprint(token),
    authorization: authorization === undefined ? null : fingerprint(canonical(authorization)),
    ...(places.length === 0 ? {} : { places: fingerprintsAt(request, places) }),
  };
  const { shown } = request;
  return shown
    ? { ...own, ...shown, ...(own.places && { places: { ...own.places, ...shown.places } }) }
    : own;
}

const NO_BODY = new Uint8Array();

/** By place, as mappings write it. A place that has several values has one of its own, that equals none of them. */
function fingerprintsAt(
  request: RequestHead | RawRequest,
  places: readonly RequestPlace[],
): Record<string, string> {
  const whole = { body: NO_BODY, ...request };
  const found = places.map((place) => [formatPlace(place), everythingIn(whole, place, NO_PAYLOAD)] as const);
  return Object.fromEntries(
    found.flatMap(([name, values]) =>
      values.length === 0
        ? []
        : [[name, fingerprint(values.map((bytes) => Buffer.from(bytes).toString()).join(", "))]],
    ),
  );
}

/** Headers and parameters are not in the payload. */
const NO_PAYLOAD: PayloadRule = { from: { in: "body" }, as: "json" };

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
