import { readFileSync } from "node:fs";
import type { Draft } from "../../src/domain/draft.ts";
import type { Problem } from "../../src/domain/receipt.ts";
import { textProblems } from "../../src/inbound/at-place.ts";
import type { Channel } from "../../src/inbound/channel.ts";
import { decode } from "../../src/inbound/decode.ts";
import { normalize } from "../../src/inbound/normalize.ts";
import { openRequest } from "../../src/inbound/open-request.ts";
import type { RawRequest, VerifiedRequest } from "../../src/inbound/request.ts";
import { verify, withoutChecks } from "../../src/inbound/verify.ts";
import type { Mapping } from "../../src/mapping/compile.ts";
import { loadMapping, parseMapping, SHIPPED_MAPPINGS } from "../../src/mapping/load.ts";
import { formatProblem } from "../../src/yaml.ts";
import { NEW_YEAR } from "../support/builders.ts";

/** Posts and channels for tests of the way in. */

export function fixture(name: string): Buffer {
  return readFileSync(new URL(`../fixtures/${name}`, import.meta.url));
}

export function aRequest({
  body = "",
  ...given
}: Partial<Omit<RawRequest, "body">> & { body?: string | Uint8Array } = {}): RawRequest {
  return {
    source: "acme",
    channel: "main",
    query: new URLSearchParams(),
    pathToken: null,
    headers: {},
    receivedAt: NEW_YEAR,
    ...given,
    body: Buffer.from(body),
  };
}

/** A channel of a mapping written as YAML. */
export function channelOf(yaml: string, name = "main"): Channel {
  const { mapping, problems } = parseMapping(yaml, "acme.yaml", "acme");
  if (!mapping) throw new Error(problems.map(formatProblem).join("\n"));
  return asChannel(mapping, name);
}

/** A channel of a shipped mapping. */
export async function shipped(provider: string, name: string): Promise<Channel> {
  const { mapping, problems } = await loadMapping(provider, [SHIPPED_MAPPINGS]);
  if (!mapping) throw new Error(problems.map(formatProblem).join("\n"));
  return asChannel(mapping, name);
}

function asChannel(mapping: Mapping, name: string): Channel {
  const rules = mapping.channels.get(name);
  if (!rules) throw new Error(`no channel ${name}`);
  return {
    source: mapping.provider,
    name,
    mapping,
    rules,
    coalesce: 0,
    maxBody: 2 ** 23,
    maxValues: 125_000,
    checks: [],
  };
}

/** Verifies a request that came to a channel. */
export function verifyRaw(raw: RawRequest, channel: Channel): ReturnType<typeof verify> {
  return verify(openRequest(raw, channel.rules.read), channel);
}

interface ReadRequest {
  drafts: readonly Draft[];
  problems: readonly Problem[];
}

/** The drafts and problems of an unchecked request. */
export function read(raw: RawRequest, channel: Channel): ReadRequest {
  return readVerified(withoutChecks(raw, channel), channel);
}

/** The same of a verified request. */
export function readVerified(request: VerifiedRequest, channel: Channel): ReadRequest {
  const { items, problems } = decode(request, channel);
  const normalized = normalize(items, request, channel);
  return {
    drafts: normalized.drafts,
    problems: [...textProblems(request), ...problems, ...normalized.problems],
  };
}

/** The same for a body of JSON. */
export function readJson(value: unknown, channel: Channel) {
  return read(aRequest({ body: JSON.stringify(value) }), channel);
}

/** The same for a form. */
export function readForm(fields: Record<string, string>, channel: Channel, query = "") {
  const body = new URLSearchParams(fields).toString();
  return read(aRequest({ body, query: new URLSearchParams(query) }), channel);
}
