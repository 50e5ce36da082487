import type { Draft } from "../../src/domain/draft.ts";
import { meaningOf } from "../../src/domain/event.ts";
import { signerId } from "../../src/domain/identity.ts";
import type { Channel, Check } from "../../src/inbound/channel.ts";
import type { RawRequest } from "../../src/inbound/request.ts";
import { verify } from "../../src/inbound/verify.ts";
import type { Happening } from "../../src/simulate/life.ts";
import { makeStories, type Post, type Story, type Wish } from "../../src/simulate/story.ts";
import { aRequest, read, shipped } from "../inbound/posts.ts";
import { aDocument, aSigner, NEW_YEAR } from "../support/builders.ts";

/** Stories as tests of the simulator and of what it posts to need them. */

const SIGNING_SECRET = "a-key-that-signs";
const URL_TOKEN = "a-token-in-the-url";

export function stories(given: Partial<Wish> = {}): Story[] {
  const provider = given.provider ?? "lumin";
  const channels = provider === "lumin" ? ["account"] : ["upon", "batch", "realtime"];
  const credentials = { secret: SIGNING_SECRET, token: URL_TOKEN };
  return makeStories({
    provider,
    documents: 20,
    signers: 3,
    seed: 1,
    channels,
    start: NEW_YEAR,
    ...credentials,
    ...given,
  });
}

/** The provider's channel as the configuration arms it. */
export async function armed(provider: string, name: string): Promise<Channel> {
  const channel = await shipped(provider, name);
  const checks = channel.rules.checks.flatMap((rule): Check[] => {
    if (rule.kind === "hmac") return [{ kind: "hmac", rule, secrets: [SIGNING_SECRET] }];
    return rule.kind === "token" ? [{ kind: "token", token: URL_TOKEN }] : [];
  });
  return { ...channel, checks };
}

export function requestOf({ channel, body, headers, query }: Post): RawRequest {
  return aRequest({ channel, body, headers, query: new URLSearchParams(query) });
}

/** What our own mapping makes of a post; throws where it is not genuine. */
export function readPost(post: Post, channel: Channel) {
  const request = verify(requestOf(post), channel);
  if ("refused" in request) throw new Error(request.refused);
  return read(request, channel);
}

/** A happening as an event would carry it, by hand: not by any mapping. */
export function draftOf({ document, signer, type, time }: Happening, provider: string): Draft {
  const id = signer !== null && provider === "lumin" ? signerId(document, signer) : signer;
  return {
    source: provider,
    provider,
    channel: "truth",
    type,
    time,
    document: aDocument(document),
    signer: id === null ? null : aSigner(id),
    signers: [],
    id: null,
    reason: null,
    reopens: null,
    reopenable: false,
    code: { object: meaningOf(type)?.about ?? null, value: "", name: null, meaning: null },
    digest: `${document} ${type}`,
  };
}
