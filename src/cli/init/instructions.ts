import type { Installation, Place, PreparedChannel } from "./files.ts";

/** What a person does next: at each provider, at the receiver, and with the bridge. */
export function instructionsOf(
  { channels, destinations }: Installation,
  { publicUrl, to, ...place }: Place & { publicUrl: string | null; to: string },
): string {
  const byTitle = Map.groupBy(channels, ({ mapping }) => mapping.title);
  const base = publicUrl ?? "https://<your bridge>";
  return `${[
    ...[...byTitle].flatMap(([title, prepared]) => [
      `Enter at ${title}`,
      ...prepared.flatMap((one) => describeChannel(one, base)),
      "",
    ]),
    ...destinations.flatMap(({ url, secret }) => [
      `Verify at ${url}`,
      `  Each event is a POST, signed with ${secret.name} of .env as Standard Webhooks say.`,
      "  Verify the bytes as they came, before they are parsed, and answer 2xx once the event is stored:",
      "",
      `    import { Webhook } from "standardwebhooks";`,
      `    const event = new Webhook(process.env.${secret.name}).verify(rawBody, request.headers);`,
      "",
      "  examples/receiver-node.js and examples/receiver-python.py are whole receivers.",
      "",
    ]),
    ...(place.container || place.secrets
      ? ["docs/deploying.md says how to run it."]
      : ["Then", ...nextCommands(channels, to).map((command) => `  $ ${command}`)]),
  ].join("\n")}\n`;
}

function describeChannel({ mapping, channel, credentials }: PreparedChannel, base: string): string[] {
  const { secrets, allowed, token } = credentials;
  const query = token === undefined ? "" : `?token=${token.value}`;
  const rows: (readonly [string, string | undefined | null])[] = [
    ["URL", `${base}/in/${mapping.provider}/${channel.name}${query}`],
    ["set up", channel.setup],
    [
      "secret",
      secrets && `${secrets.name} of .env. It is random: enter it there, or put the provider's in its place`,
    ],
    ["value", allowed && `${allowed.name} of .env is random: put the account's own in its place`],
  ];
  return [
    `  ${channel.title}`,
    ...rows.flatMap(([label, text]) => (text ? [`    ${label.padEnd(7)} ${text}`] : [])),
  ];
}

/** `simulate` needs no account at a provider, as long as the secrets are the random ones. */
function nextCommands(channels: readonly PreparedChannel[], folder: string): string[] {
  const chosen = channels.map(({ mapping, channel }) => `${mapping.provider}/${channel.name}`);
  const legalesign = chosen.filter((one) => one.startsWith("legalesign/")).map((one) => one.split("/")[1]);
  const made = chosen.includes("lumin/account")
    ? ["simulate lumin"]
    : legalesign.length > 0
      ? [`simulate legalesign --channels ${legalesign.join(",")}`]
      : [];
  const enter = folder === "." ? [] : [`cd ${folder}`];
  return [
    ...enter,
    "countersign check --env-file .env",
    "countersign serve --env-file .env",
    ...made.map((name) => `countersign ${name} --to http://127.0.0.1:8080 --documents 1 --env-file .env`),
  ];
}
