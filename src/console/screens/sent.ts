import { messageOf } from "../../domain/errors.ts";
import { isShellWord } from "../../domain/text.ts";
import { createEncodeAndSign } from "../../outbound/deliver.ts";
import type { Destination } from "../../outbound/destination.ts";
import { publicKeyOf } from "../../outbound/sign.ts";
import type { AttemptedDelivery, EventHistory } from "../../store/port/reads.ts";
import { addressOf } from "../elements/form.ts";
import { section } from "../elements/table.ts";
import { codeBlock } from "../elements/text.ts";
import { type Content, type Html, html } from "../html.ts";
import type { Visit } from "../screen.ts";

/**
 * What each destination was sent, byte for byte: the event is encoded and signed again as for its last
 * attempt, with the configuration in force. `kept` has personal data; null: it is masked, and so are the
 * bytes.
 */
export function sentTo(kept: EventHistory | null, masked: EventHistory, visit: Visit): Content {
  const attempted = masked.deliveries.filter(({ history }) => history.length > 0);
  if (attempted.length === 0) return null;
  if (!kept)
    return section(
      "What was sent",
      html`<p>The exact bytes, their signature and a command that verifies it have personal data in them: <a href="${addressOf("/personal-data", { back: visit.address })}">show personal data</a> first.</p>`,
    );
  return section(
    "What was sent",
    attempted.map((delivery) => oneSent(kept, delivery, visit)),
  );
}

function oneSent({ event }: EventHistory, delivery: AttemptedDelivery, { parts }: Visit): Html {
  const { destination: name, history, replayedAfter } = delivery;
  const destination = parts.config().destinations.find((one) => one.name === name);
  const last = history.at(-1);
  if (!destination || !last)
    return html`<p>To <strong>${name}</strong>: it is not configured any more, so its format and keys are not known.</p>`;
  try {
    const isReplay = replayedAfter !== null && last.number > replayedAfter;
    const { headers, body } = createEncodeAndSign(destination)([event], last.startedAt, {
      replayed: isReplay,
    });
    const own = Object.keys(destination.headers).map(
      (header) => `${header}: (of the configuration, not shown)`,
    );
    const head = [...Object.entries(headers).map(([header, value]) => `${header}: ${value}`), ...own];
    return html`<details><summary>To <strong>${name}</strong>, attempt ${last.number}: ${body.length.toLocaleString("en")} bytes as <code>${destination.format}</code></summary>
<p class="note">Made again as for that attempt, with the format and the keys of the configuration in force.
A <code>traceparent</code>, where traces are on, and events of the same batch are not part of it.</p>
${codeBlock(head.join("\n"), `Headers sent to ${name}`)}
${codeBlock(body.toString(), `Body sent to ${name}`)}
${verification(destination, event.id, headers, body)}</details>`;
  } catch (error) {
    return html`<p>To <strong>${name}</strong>: nothing was sent, since the event cannot be encoded (${messageOf(error)}).</p>`;
  }
}

/** A longer command does not fit into a terminal. */
const MAX_COMMAND_LENGTH = 60_000;

function verification(
  { secrets }: Destination,
  id: string,
  headers: Readonly<Record<string, string>>,
  body: Buffer,
): Html {
  const [newest] = secrets;
  const publicKey = newest && publicKeyOf(newest);
  if (publicKey)
    return html`<p>It is signed with a private key: a library of Standard Webhooks verifies it with the public key
<code>${publicKey}</code>.</p>`;
  const timestamp = headers["webhook-timestamp"] ?? "";
  const command = verifyCommand(`${id}.${timestamp}.${body.toString()}`);
  if (command.length > MAX_COMMAND_LENGTH || !isShellWord(id))
    return html`<p class="note">The body is too long for a command: <code>examples/verify-openssl.sh</code> verifies a captured one.</p>`;
  return html`<p>With the destination’s <code>whsec_…</code> in <code>$SECRET</code> this prints what stands after
<code>v1,</code> in <code>webhook-signature</code>:</p>${codeBlock(command, "Command that verifies the signature")}`;
}

/** By openssl alone: the HMAC-SHA256 of Standard Webhooks over id, timestamp and body. */
export function verifyCommand(signed: string): string {
  const quoted = `'${signed.replaceAll("'", "'\\''")}'`;
  const key = `$(printf %s "\${SECRET#whsec_}" | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \\n')`;
  return `printf %s ${quoted} |\n  openssl dgst -sha256 -mac HMAC -macopt "hexkey:${key}" -binary | openssl base64 -A`;
}
