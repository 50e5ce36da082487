import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import { listenUntilTidy } from "../support/bridge.ts";

/** A request for a token, as it came. */
export interface TokenRequest {
  path: string;
  headers: IncomingHttpHeaders;
  form: URLSearchParams;
}

export interface TokenEndpoint {
  url: string;
  requests: readonly TokenRequest[];
  /** Requests that have got no answer and whose sender still waits. */
  readonly open: number;
}

/** Answers the nth request, from 1. */
export type Issue = (response: ServerResponse, nth: number, request: TokenRequest) => void;

export const grant = (response: ServerResponse, body: object) =>
  response.setHeader("content-type", "application/json").end(JSON.stringify(body));

/** The nth token is `token-no-n` and valid for an hour. */
export const issueHourly: Issue = (response, nth) =>
  grant(response, { access_token: `token-no-${nth}`, token_type: "Bearer", expires_in: 3_600 });

/** A real authorization server, on a free port until `tidy`. */
export async function startTokenEndpoint(issue: Issue = issueHourly): Promise<TokenEndpoint> {
  const requests: TokenRequest[] = [];
  let open = 0;
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const form = new URLSearchParams(Buffer.concat(chunks).toString());
    const one = { path: request.url ?? "", headers: request.headers, form };
    requests.push(one);
    open += 1;
    response.once("close", () => {
      open -= 1;
    });
    issue(response, requests.length, one);
  });
  const address = await listenUntilTidy(server);
  return {
    url: `${address}/oauth2/token`,
    requests,
    get open() {
      return open;
    },
  };
}
