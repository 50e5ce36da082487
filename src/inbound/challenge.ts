import type { ChallengeRule } from "../mapping/answer.ts";
import { formatPlace } from "../mapping/request-place.ts";
import { type Answer, fillAnswer } from "./answer.ts";
import { bytesAt } from "./at-place.ts";
import type { Channel } from "./channel.ts";
import type { Refusal } from "./credentials.ts";
import type { OpenedRequest } from "./request.ts";
import { verify } from "./verify.ts";

/** A longer post is no challenge, since it would be parsed before it is checked. */
const MAX_CHALLENGE_BYTES = 65_536;

/**
 * The answer to a challenge, by which a provider asks whether the address is ours; null: the request is none.
 * Nothing of a challenge is kept. Its signature is not required, since there is mostly nothing to sign; all
 * other checks must pass. Only values that are allowed or verified are sent back.
 */
export function answerChallenge(
  method: string,
  request: OpenedRequest,
  channel: Channel,
): Answer | Refusal | null {
  const rules = channel.rules.challenges.filter(({ methods }) => methods.some((one) => one === method));
  if (rules.length === 0 || request.body.length > MAX_CHALLENGE_BYTES) return null;
  const answer = answerBy(rules, request, channel);
  // A post that is no challenge after all is judged by the channel's checks.
  return method === "POST" && "refused" in answer ? null : answer;
}

function answerBy(
  rules: readonly ChallengeRule[],
  request: OpenedRequest,
  channel: Channel,
): Answer | Refusal {
  const unsigned = channel.checks.filter(({ kind }) => kind !== "hmac" && kind !== "rsa");
  const checked = verify(request, { ...channel, checks: unsigned });
  if ("refused" in checked) return checked;

  const rule = rules.find(({ when }) => when === null || holds(when, request));
  if (!rule) return { refused: "the request has not what a challenge of this provider has" };
  const answer = fillAnswer(rule.answer, request, channel, () => isVerified(request, channel));
  const [missing] = answer.missing;
  return missing ? { refused: refusalOf(formatPlace(missing.place), missing.verified) } : answer;
}

function holds({ place, values }: NonNullable<ChallengeRule["when"]>, request: OpenedRequest): boolean {
  const found = bytesAt(request, place).map((bytes) => Buffer.from(bytes).toString());
  return found.length > 0 && (values === null || found.every((text) => values.includes(text)));
}

/** A channel without checks verifies nothing. */
function isVerified(request: OpenedRequest, channel: Channel): boolean {
  const checked = verify(request, channel);
  return !("refused" in checked) && checked.verified !== "none";
}

function refusalOf(place: string, verified: boolean): string {
  return verified
    ? `what ${place} has is sent back only if all checks of the channel pass, and in up to 512 printable characters`
    : `what ${place} has is none of the values that the configuration allows`;
}
