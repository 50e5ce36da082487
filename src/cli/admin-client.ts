import got, { RequestError } from "got";
import { z } from "zod";
import type { Config } from "../config.ts";
import { CountersignError } from "../domain/errors.ts";
import { readConfig, type Terminal } from "./terminal.ts";

/** The admin API of a running bridge. Responses are validated. */
export interface AdminClient {
  get<T>(path: string, schema: z.ZodType<T>, query?: QueryParameters): Promise<T>;
  post<T>(path: string, schema: z.ZodType<T>, body: object): Promise<T>;
}

export type QueryParameters = Readonly<Record<string, string | number | boolean | undefined>>;

/** The response of every list. */
export const listOf = <T>(item: z.ZodType<T>) =>
  z.object({ items: z.array(item), next: z.string().nullable() });

const ErrorBody = z.object({ error: z.string(), message: z.string() });

const SERVE = "`countersign serve`";

const REQUEST_TIMEOUT_MS = 60_000;

/** The client of the configuration's bridge; null: the configuration has problems, which were printed. */
export async function connect(file: string, terminal: Terminal): Promise<AdminClient | null> {
  const config = await readConfig(file, terminal);
  return config && createAdminClient(config);
}

/** Where an admin listener is reached from its own machine. */
export function baseUrlOf({ host, port }: Pick<Config["admin"], "host" | "port">): string {
  const near = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
  return `http://${near.includes(":") ? `[${near}]` : near}:${port}`;
}

/** Calls reject with a CountersignError of one sentence: the bridge's message, or that no bridge answers. */
export function createAdminClient({ admin }: Config): AdminClient {
  const base = baseUrlOf(admin);
  const client = got.extend({
    prefixUrl: base,
    headers: admin.token === null ? {} : { authorization: `Bearer ${admin.token}` },
    retry: { limit: 0 },
    timeout: { request: REQUEST_TIMEOUT_MS },
    throwHttpErrors: false,
    followRedirect: false,
  });

  async function call<T>(path: string, schema: z.ZodType<T>, options: object): Promise<T> {
    try {
      const { statusCode, body } = await client(path, options);
      const response: unknown = parse(body);
      if (statusCode === 200) return schema.parse(response);
      const refusal = ErrorBody.safeParse(response);
      throw new CountersignError(
        "bad_request",
        refusal.data?.message ?? `the bridge answered with ${statusCode}`,
      );
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      throw new CountersignError(
        "not_found",
        `no bridge answers at ${base} (${error.code}): is ${SERVE} running with this configuration?`,
        { cause: error },
      );
    }
  }

  return {
    get: (path, schema, query = {}) => call(path, schema, { searchParams: { ...query } }),
    post: (path, schema, body) => call(path, schema, { method: "POST", json: body }),
  };
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new CountersignError("bad_request", "the server there is not a bridge: its response is not JSON");
  }
}
