import type { Draft } from "../../src/domain/draft.ts";
import { meaningOf } from "../../src/domain/event.ts";
import { signerId } from "../../src/domain/identity.ts";
import type { Channel, Check } from "../../src/inbound/channel.ts";
import type { RawRequest } from "../../src/inbound/request.ts";
import {
  type ProviderPost,
  type SimulatedDocument,
  type SimulationOptions,
  simulate,
} from "../../src/simulate/simulation.ts";
import type { SimulatedHappening } from "../../src/simulate/timeline.ts";
import { aRequest, readVerified, shipped, verifyRaw } from "../inbound/posts.ts";
import { aDocument, aSigner, NEW_YEAR } from "../support/builders.ts";

/** Simulated documents for tests of the simulator, and the reading of their posts by our own code. */

const SIGNING_SECRET = "a-key-that-signs";
const URL_TOKEN = "a-token-in-the-url";

export function simulated(given: Partial<SimulationOptions> = {}): SimulatedDocument[] {
  const provider = given.provider ?? "lumin";
  const channels = provider === "lumin" ? ["account"] : ["upon", "batch", "realtime"];
  const credentials = { secret: SIGNING_SECRET, token: URL_TOKEN };
  return simulate({
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

/** The provider's channel with the credentials that the simulated posts are made with. */
export async function configured(provider: string, name: string): Promise<Channel> {
  const channel = await shipped(provider, name);
  const checks = channel.rules.checks.flatMap((rule): Check[] => {
    if (rule.kind === "hmac") return [{ kind: "hmac", rule, secrets: [SIGNING_SECRET] }];
    return rule.kind === "token" ? [{ kind: "token", token: URL_TOKEN }] : [];
  });
  return { ...channel, checks };
}

export function requestOf({ channel, body, headers, query }: ProviderPost): RawRequest {
  return aRequest({ channel, body, headers, query: new URLSearchParams(query) });
}

/** Verifies a post and interprets it with our own mapping. @throws Error: it is not genuine. */
export function readPost(post: ProviderPost, channel: Channel) {
  const request = verifyRaw(requestOf(post), channel);
  if ("refused" in request) throw new Error(request.refused);
  return readVerified(request, channel);
}

/** The draft of a happening's event, made without any mapping. */
export function draftOf({ document, signer, type, time }: SimulatedHappening, provider: string): Draft {
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
