import { formatDuration, plural } from "../../domain/quantity.ts";
import { type CheckStep, explainChecks, type SignatureStep } from "../../inbound/explain-checks.ts";
import { status, type Tone } from "../elements/status.ts";
import { facts } from "../elements/table.ts";
import { asSentence, foreign, sentence } from "../elements/text.ts";
import { type Content, type Html, html } from "../html.ts";
import type { StoredRequest } from "../stored-request.ts";

/** How a request is verified, check by check, with the configuration in force. */

export interface Checks {
  /** Null: it would be refused, or cannot be told. */
  isGenuine: boolean;
  /** Why it would be refused, in a sentence; null: it would not, or cannot be told. */
  refused: string | null;
  shown: Content;
}

export async function checksOf({ kept, kind, channel, opened, isWhole }: StoredRequest): Promise<Checks> {
  if (!channel)
    return {
      ...{ isGenuine: false, refused: null },
      shown: html`<p>${kept.source}/${kept.channel} is no longer configured, so nothing can be checked.</p>`,
    };
  if (!opened)
    return {
      ...{ isGenuine: false, refused: null },
      shown: html`<p>Nothing of the body is kept, so it cannot be verified again. It was refused before its
body was read, or its body is longer than what is kept (<code>rejected.maxBody</code>).</p>`,
    };
  const verified = kind === "receipt" ? kept.verified : null;
  const { steps, refused } = await explainChecks(opened, channel, { verified, isWhole });
  const failed = steps.find(({ verdict }) => verdict === "failed");
  const why = failed?.why ?? refused;
  const isKnown = steps.every(({ verdict }) => verdict !== "unrepeatable");
  return {
    isGenuine: why === null && isKnown,
    refused: why,
    shown: html`${steps.length === 0 && html`<p>${status("warning", "The channel has no check: anybody may post")}</p>`}
<ol class="steps">${steps.map(stepOf)}</ol>
${refused !== null && html`<p>${status("bad", sentence(asSentence(refused)))}</p>`}`,
  };
}

const VERDICTS: Readonly<Record<CheckStep["verdict"], { tone: Tone; word: string }>> = {
  passed: { tone: "good", word: "passes" },
  failed: { tone: "bad", word: "fails" },
  passed_then: { tone: "good", word: "passed when it came" },
  absent: { tone: "quiet", word: "nothing to check" },
  unrepeatable: { tone: "quiet", word: "cannot be repeated" },
};

function stepOf(step: CheckStep): Html {
  const { tone, word } = VERDICTS[step.verdict];
  return html`<li><p><strong>${nameOf(step)}</strong> ${status(tone, word)}${step.secret && html` <span class="note">with secret ${step.secret.number} of ${step.secret.of}</span>`}</p>
${step.why !== null && html`<p>${sentence(asSentence(step.why))}</p>`}
${step.signature && signatureOf(step.signature)}</li>`;
}

function nameOf({ kind, signature, place }: CheckStep): Content {
  switch (kind) {
    case "hmac":
      return `HMAC-${hashName(signature)}`;
    case "rsa":
      return `RSA with ${hashName(signature)}`;
    case "token":
      return "Token in the URL";
    case "basic":
      return "User name and password";
    case "equals":
      return html`Value of <code>${foreign(place ?? "", 100)}</code>`;
  }
}

/** `SHA-256`. */
function hashName(signature: SignatureStep | null): string {
  return signature?.hash.replace("sha", "SHA-") ?? "";
}

function signatureOf({ expected, readable, encodings, prefix, over, digest, age }: SignatureStep): Html {
  const found = readable === 0 ? "nothing there is written so" : `${plural(readable, "signature")} found`;
  const before = prefix !== "" && html`, after <code>${foreign(prefix, 40)}</code>`;
  return facts([
    ["signature expected", expected.map((one, index) => html`${index > 0 && ", or "}${placeOf(one)}`)],
    ["written in", html`${encodings.join(" or ")}${before} <span class="note">(${found})</span>`],
    ["signed are", over.map((part, index) => html`${index > 0 && ", then "}${signedPartOf(part)}`)],
    ["SHA-256 of them", digest !== null && html`<code>${digest}</code>`],
    ["age", age && ageOf(age)],
  ]);
}

function placeOf({ place, pattern, found }: SignatureStep["expected"][number]): Html {
  const finds = pattern !== null && html`, what <code>${foreign(`/${pattern}/`, 100)}</code> finds`;
  const there =
    found.length === 0
      ? html`<span class="note">nothing is there</span>`
      : found.map((text) => html`<code>${foreign(shortened(text), 60)}</code> `);
  return html`in <code>${foreign(place, 100)}</code>${finds}: ${there}`;
}

function signedPartOf({ part, bytes }: SignatureStep["over"][number]): Html {
  const length = bytes === null ? "not there, or not told apart" : plural(bytes, "byte");
  return html`<code>${foreign(part, 120)}</code> <span class="note">(${length})</span>`;
}

function ageOf({ place, past, future }: NonNullable<SignatureStep["age"]>): Html {
  const oldest = past === null ? "however old" : `at most ${formatDuration(past)} old`;
  const by = html`by <code>${foreign(place, 100)}</code>`;
  return html`${by}: ${oldest}, at most ${formatDuration(future)} ahead`;
}

/** Enough to compare two signatures. */
function shortened(text: string): string {
  return text.length <= 40 ? text : `${text.slice(0, 16)}…${text.slice(-16)}`;
}
