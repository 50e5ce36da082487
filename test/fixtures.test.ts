import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { readChannel } from "../src/config/channel.ts";
import type { Channel } from "../src/inbound/channel.ts";
import { preview, toGolden } from "../src/inbound/preview.ts";
import { needsOf } from "../src/mapping/check.ts";
import { SHIPPED_MAPPINGS } from "../src/mapping/load.ts";
import { aRequest, shipped, verifyRaw } from "./inbound/posts.ts";

/**
 * Golden files. A folder `test/fixtures/<provider>/<case>/` is a request (`request.json`, and the body's
 * bytes in a file that begins with `body`) and what it turns into (`events.json`). `UPDATE_GOLDEN=1 npx mocha
 * test/fixtures.test.ts` writes the latter again: read the difference before you commit it. `countersign
 * capture` writes such a folder from what was received.
 */

const ROOT = fileURLToPath(new URL("./fixtures/", import.meta.url));

interface GoldenRequest {
  channel: string;
  query: string;
  headers: Record<string, string>;
  /** Where the signature of the request is good for them. */
  secrets?: readonly string[];
  /** When it came, where its signature says when it was made. */
  receivedAt?: string;
}

interface Golden {
  request: GoldenRequest;
  body: Buffer;
  channel: Channel;
}

const foldersIn = (path: string) =>
  readdirSync(path, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));

async function readCase(provider: string, name: string): Promise<Golden> {
  const folder = `${ROOT}${provider}/${name}/`;
  const request: GoldenRequest = JSON.parse(readFileSync(`${folder}request.json`, "utf8"));
  const [body] = readdirSync(folder).filter((file) => file.startsWith("body"));
  if (body === undefined) throw new Error(`${folder} has no file whose name begins with body`);
  return {
    request,
    body: readFileSync(`${folder}${body}`),
    channel: await shipped(provider, request.channel),
  };
}

function resultOf({ request, body, channel }: Golden): string {
  const { mapping, rules } = channel;
  return toGolden(preview({ mapping, rules, body, query: request.query, headers: request.headers }));
}

function verdictOn({ request, body, channel }: Golden): string {
  const { secrets = [], headers, query, receivedAt } = request;
  // A token that the mapping asks for as well is the URL's, and no part of a fixture.
  const token = needsOf(channel.rules.checks).includes("token") ? "a-token-of-the-url" : null;
  const armed = readChannel(channel, { secrets: [...secrets], ...(token && { token }) }, ".");
  if (typeof armed === "string") return armed;
  const at = receivedAt === undefined ? {} : { receivedAt: Date.parse(receivedAt) };
  const given = { body, headers, query: new URLSearchParams(query), pathToken: token, ...at };
  const verdict = verifyRaw(aRequest(given), armed);
  return "refused" in verdict ? verdict.refused : verdict.verified;
}

for (const provider of foldersIn(ROOT)) {
  describe(`test/fixtures/${provider}`, () => {
    for (const name of foldersIn(`${ROOT}${provider}`)) {
      it(`${name} becomes the events of its events.json`, async () => {
        const golden = await readCase(provider, name);
        if (golden.request.secrets)
          expect(verdictOn(golden)).to.match(/^(?:token\+)?(?:hmac|equals)(?:\+token)?$/);
        const expectation = `${ROOT}${provider}/${name}/events.json`;
        if (process.env.UPDATE_GOLDEN === "1") writeFileSync(expectation, resultOf(golden));
        expect(existsSync(expectation), "has no events.json: UPDATE_GOLDEN=1 writes it").to.equal(true);
        expect(resultOf(golden)).to.equal(readFileSync(expectation, "utf8"));
      });
    }
  });
}

describe("the fixtures", () => {
  it("have cases of every shipped mapping", () => {
    const mappings = readdirSync(SHIPPED_MAPPINGS).map((file) => file.replace(/\.yaml$/, ""));
    expect(foldersIn(ROOT)).to.have.members(mappings);
    for (const provider of mappings) expect(foldersIn(`${ROOT}${provider}`), provider).not.to.have.length(0);
  });

  it("show no token of a details_url, wherever the payload has it", () => {
    for (const name of ["downloadable", "details-url-inside"]) {
      const [body, events] = ["body.json", "events.json"].map((file) =>
        readFileSync(`${ROOT}lumin/${name}/${file}`, "utf8"),
      );
      expect(body).to.include("not-a-real-token");
      expect(events).not.to.include("not-a-real-token");
    }
  });
});
