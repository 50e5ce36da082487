import { z } from "zod";
import { exactly } from "../yaml.ts";

/** The schema of how a destination is reached: its address, headers, credentials, certificates and proxy. */

/** Headers that Countersign or the connection sets on every post: a second one would contradict it. */
const OURS =
  /^(webhook-.*|ce-.*|countersign-.*|content-(type|length|encoding)|user-agent|host|connection|keep-alive|proxy-connection|transfer-encoding|te|trailer|upgrade|expect)$/i;

export const headerName = z
  .string()
  .regex(/^[\w!#$%&'*+.^`|~-]+$/, {
    error: ({ input }) => `${JSON.stringify(input)} is no header name: write one such as X-Tenant`,
  })
  .refine((text) => !OURS.test(text), {
    error: ({ input }) => `${JSON.stringify(input)} is a header that Countersign sets itself: leave it out`,
  })
  .transform((text) => text.toLowerCase());

export const headerValue = z
  .string({ error: "must be text: put it in quotes" })
  .regex(/^[\t\x20-\x7e\x80-\xff]*$/, "must be on one line and without characters beyond Latin-1");

export const headers = z
  .record(z.string(), headerValue)
  .superRefine((given, context) => {
    const names = Object.keys(given).map((key) => key.toLowerCase());
    for (const [index, key] of Object.keys(given).entries()) {
      const message = troubleWithHeader(key, names.indexOf(key.toLowerCase()) < index);
      if (message !== null) context.addIssue({ code: "custom", message, path: [key] });
    }
  })
  .transform((given) =>
    Object.fromEntries(Object.entries(given).map(([key, value]) => [key.toLowerCase(), value])),
  )
  .default({})
  .describe("extra headers of every delivery, such as X-Tenant: acme");

function troubleWithHeader(key: string, again: boolean): string | null {
  const [issue] = headerName.safeParse(key).error?.issues ?? [];
  if (issue) return issue.message;
  if (key.toLowerCase() === "authorization") return "is not given here: use `auth`";
  return again ? "stands here twice: capitals do not tell headers apart" : null;
}

const notEmpty = z.string({ error: "must be text: put it in quotes" }).min(1, "must not be empty");

const file = z.string({ error: "must be a file's name" }).min(1, "must be a file's name");

export const tls = exactly({
  ca: file.optional().describe("PEM file of the authorities to trust, instead of the well-known ones"),
  cert: file.optional().describe("PEM file of the certificate to show"),
  key: file.optional().describe("PEM file of its private key"),
})
  .refine(({ cert, key }) => (cert === undefined) === (key === undefined), {
    error: "`cert` and `key` go together: give both or neither",
  })
  .describe(
    "own certificate authority or client certificate; relative paths start from the folder of the configuration",
  );

export type TlsFiles = z.infer<typeof tls>;

const isProxy = (text: string): boolean => {
  const { protocol, pathname, search, hash } = URL.canParse(text) ? new URL(text) : { protocol: "" };
  return /^https?:$/.test(protocol) && pathname === "/" && search === "" && hash === "";
};

/** Whether user and password decode: a literal `%` is written `%25`. */
const hasReadableUser = (text: string): boolean => {
  const { username, password } = URL.canParse(text) ? new URL(text) : { username: "", password: "" };
  try {
    decodeURIComponent(username + password);
    return true;
  } catch {
    return false;
  }
};

/** Empty for none, so that the value can come from an environment variable that may be empty. */
const proxyUrl = z
  .string({ error: "must be the URL of a proxy, such as http://proxy.internal:3128" })
  .refine((text) => text === "" || isProxy(text), {
    error: "must be the http or https URL of a proxy without a path, such as http://proxy.internal:3128",
  })
  .refine(hasReadableUser, {
    error: "user and password of a proxy must be percent-encoded: write `%25` for a `%`",
  });

export const proxy = proxyUrl
  .transform((text) => (text === "" ? undefined : text))
  .describe(
    'the URL of an HTTP proxy through which the destination is reached by CONNECT, such as "${HTTPS_PROXY}"; a user and password in it are for the proxy; empty: none',
  );

const bareUrl = (instead: string) =>
  z.url({ protocol: /^https?$/, error: "must be an http or https URL" }).refine((text) => {
    const { username, password } = URL.canParse(text) ? new URL(text) : { username: "", password: "" };
    return username === "" && password === "";
  }, `must not hold a user name or password: use ${instead}`);

export const url = bareUrl("`auth`").describe("the address that events are posted to");

const oauth2 = exactly({
  tokenUrl: bareUrl("`clientId` and `clientSecret`").describe(
    "the token endpoint of the authorization server",
  ),
  clientId: notEmpty.describe("the id of Countersign there"),
  clientSecret: notEmpty.describe("its secret"),
  scope: notEmpty
    .optional()
    .describe("the scopes to ask for, with spaces between them. Absent: none is sent"),
  audience: notEmpty
    .optional()
    .describe("the API that the token is for, where the server asks for it. Absent: none is sent"),
  clientAuth: z
    .enum(["basic", "post"], { error: "must be `basic` or `post`" })
    .default("basic")
    .describe("basic: id and secret in the `Authorization` header; post: in the form"),
  tls: tls.optional(),
  proxy: proxyUrl
    .transform((text) => (text === "" ? null : text))
    .optional()
    .describe(
      "the URL of an HTTP proxy to the token endpoint; empty: none. Absent: the `proxy` of the destination",
    ),
}).describe(
  "access tokens by OAuth 2.0 client credentials, sent as `Authorization: Bearer …`; fetched when needed, kept until shortly before their end, and fetched again once after a 401",
);

export const auth = exactly({
  basic: exactly({
    user: notEmpty
      .refine((user) => !user.includes(":"), "must not have a colon")
      .describe("the user name, without a colon"),
    password: notEmpty.describe("the password"),
  })
    .optional()
    .describe("a user name and a password"),
  bearer: notEmpty
    .regex(/^[\x21-\x7e]+$/, "must be without spaces and characters beyond ASCII")
    .optional()
    .describe("a token, sent as `Authorization: Bearer …`"),
  oauth2: oauth2.optional(),
  header: exactly({
    name: headerName.describe("the name of the header"),
    value: headerValue.min(1, "must not be empty").describe("its value"),
  })
    .optional()
    .describe("a header of another name that holds the credential"),
})
  .refine((given) => Object.values(given).filter((one) => one !== undefined).length === 1, {
    error: "needs one of basic, bearer, header and oauth2, and no more",
  })
  .describe("how Countersign authenticates to the receiver, besides its signature: one of the four");
