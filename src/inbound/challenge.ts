import type { ChallengeRule } from "../mapping/answer.ts";
import { formatPlace } from "../mapping/request-place.ts";
import { type Answer, fillAnswer } from "./answer.ts";
import { everythingIn } from "./at-place.ts";
import type { Channel } from "./channel.ts";
import type { Refusal } from "./credentials.ts";
import type { RawRequest } from "./request.ts";
import { verify } from "./verify.ts";

/** A longer post is no challenge: it would be parsed before anything of it is checked. */
const MAX_CHALLENGE_BYTES = 65_536;

/**
 * What a request is answered by which the provider asks whether the address is ours; null: it is none. Nothing of it is kept. Checks of
 * the URL and of headers must pass, such as a token, while a signature need not be there, since there is mostly nothing to sign. Nobody is
 * sent back a value that is not allowed or verified.
 */
export function answerChallenge(
  method: string,
  request: RawRequest,
  channel: Channel,
): Answer | Refusal | null {
  const rules = channel.rules.challenges.filter(({ methods }) => methods.some((one) => one === method));
  if (rules.length === 0 || request.body.length > MAX_CHALLENGE_BYTES) return null;
  const answer = answerBy(rules, request, channel);
  // What is posted and is no challenge after all is for the channel's checks to judge.
  return method === "POST" && "refused" in answer ? null : answer;
}

function answerBy(rules: readonly ChallengeRule[], request: RawRequest, channel: Channel): Answer | Refusal {
  const unsigned = channel.checks.filter(({ kind }) => kind !== "hmac" && kind !== "rsa");
  const checked = verify(request, { ...channel, checks: unsigned });
  if ("refused" in checked) return checked;

  const rule = rules.find(({ when }) => when === null || holds(when, request, channel));
  if (!rule) return { refused: "the request has not what a challenge of this provider has" };
  const answer = fillAnswer(rule.answer, request, channel, () => isVerified(request, channel));
  const [missing] = answer.missing;
  return missing ? { refused: refusalOf(formatPlace(missing.place), missing.verified) } : answer;
}

function holds(
  { place, values }: NonNullable<ChallengeRule["when"]>,
  request: RawRequest,
  { rules }: Channel,
) {
  const found = everythingIn(request, place, rules.read).map((bytes) => Buffer.from(bytes).toString());
  return found.length > 0 && (values === null || found.every((text) => values.includes(text)));
}

/** Where nothing is checked, nothing is verified. */
function isVerified(request: RawRequest, channel: Channel): boolean {
  const checked = verify(request, channel);
  return !("refused" in checked) && checked.verified !== "none";
}

function refusalOf(place: string, verified: boolean): string {
  return verified
    ? `what ${place} has is sent back only if all checks of the channel pass, and in up to 512 printable characters`
    : `what ${place} has is none of the values that the configuration allows`;
}
