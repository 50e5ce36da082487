import type { Clock } from "../domain/clock.ts";
import { PostError } from "./failure.ts";
import { type Answer, createPost, type Endpoint, type Outgoing, type Post } from "./post.ts";
import { createTokenRequest, lateAnswer, type OAuth2 } from "./token-request.ts";
import { createTokens, type Token, type Tokens } from "./tokens.ts";

/**
 * Posts within one attempt, with an access token where the destination asks for one. `used` gets every token
 * that is sent, so that no answer shows it.
 *
 * @throws PostError: there was no whole answer; TokenError: there is no token, and nothing was sent.
 */
export type Send = (outgoing: Omit<Outgoing, "fresh">, used: string[]) => Promise<Answer>;

interface SendParts {
  endpoint: Endpoint;
  /** Null: the destination asks for no token. */
  oauth2: OAuth2 | null;
  clock: Clock;
  version: string;
}

export function createSend({ endpoint, oauth2, ...parts }: SendParts): Send {
  const post = createPost(endpoint);
  if (!oauth2) return (outgoing) => postPastStaleConnection(post, outgoing);
  const tokens = prepareTokens(oauth2, { endpoint, ...parts });
  return (outgoing, used) => postWithToken(post, outgoing, tokens, used);
}

function prepareTokens(
  oauth2: OAuth2,
  { endpoint: { network, lookup, timeout }, clock, version }: Omit<SendParts, "oauth2">,
): Tokens {
  const request = createTokenRequest(oauth2, { network, lookup, timeout, version, now: clock.now });
  return createTokens({ request, clock, timeout, late: () => lateAnswer(oauth2) });
}

/**
 * A peer may close a keep-alive connection at the moment of its next use. The receiver then answered nothing
 * and may be well, so the same attempt posts again, over a new connection: other idle ones are probably
 * closed as well.
 */
function postPastStaleConnection(post: Post, outgoing: Omit<Outgoing, "fresh">): Promise<Answer> {
  return post({ ...outgoing, fresh: false }).catch((error) => {
    if (outgoing.signal.aborted || !(error instanceof PostError && error.stale)) throw error;
    return post({ ...outgoing, fresh: true });
  });
}

/**
 * A token that the destination answers with 401 may have been revoked, so another is fetched and the same
 * attempt posts once more.
 */
async function postWithToken(
  post: Post,
  outgoing: Omit<Outgoing, "fresh">,
  tokens: Tokens,
  used: string[],
): Promise<Answer> {
  const { signal } = outgoing;
  const postWith = ({ text }: Token) => {
    used.push(text);
    const headers = { ...outgoing.headers, authorization: `Bearer ${text}` };
    return postPastStaleConnection(post, { ...outgoing, headers });
  };
  const token = await tokens.get(signal);
  const answer = await postWith(token);
  if (answer.status !== 401) return answer;
  const renewed = await tokens.renew(token, signal);
  return renewed ? postWith(renewed) : answer;
}
