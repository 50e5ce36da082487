import { styleText } from "node:util";
import { plural } from "../../domain/quantity.ts";
import type { Terminal } from "../terminal.ts";
import type { DemoStep } from "./demo-steps.ts";
import { describeResponse, type Finding, type Totals } from "./findings.ts";
import type { Installation } from "./installation.ts";
import type { Forwarded } from "./receiver.ts";
import { isAccepted, type StepResult } from "./run-step.ts";

/** Prints the demo for a newcomer, as it runs. */
export interface DemoReport {
  introduce(installation: Installation): void;
  /** Prints the post, before it is made. */
  beginStep(number: number, step: DemoStep): void;
  /** Prints the response, the forwarded events with the receiver's verdicts, and all differences. */
  endStep(result: StepResult, complaints: readonly string[]): void;
  showRecorded(number: number, findings: readonly Finding[]): void;
  conclude(totals: Totals): void;
  /** Prints what to try while the installation keeps running. */
  showUsage(installation: Installation): void;
  /** Prints one request that came to the receiver meanwhile. */
  showRequest(request: Forwarded): void;
}

/** Uses colours where the terminal has them and NO_COLOR is not set; no information is in a colour alone. */
export function createDemoReport(stdout: Terminal["stdout"]): DemoReport {
  const ink = (style: Parameters<typeof styleText>[0], text: string) =>
    styleText(style, text, { stream: stdout });
  const tick = ink("green", "✓");
  const cross = ink("red", "✗");
  const print = (...lines: readonly string[]) => stdout.write(lines.map((line) => `${line}\n`).join(""));

  function printHeading(number: number, title: string, lesson: readonly string[]): void {
    print("", ink("bold", `${number}  ${title}`), ...lesson.map((line) => ink("dim", `   ${line}`)), "");
  }

  function rowOf(row: RequestRow): string {
    const mark = row.accepted ? tick : cross;
    return `${row.code}  →  ${ink("cyan", row.type)}  ${ink("dim", row.id)}  ${mark} ${row.verdict}`;
  }

  return {
    introduce({ app, receiver }) {
      print(
        "",
        ink("bold", "Countersign, from end to end: a bridge between e-sign providers and your own systems."),
        "All of it runs on this machine for a few seconds, and leaves nothing behind.",
        "",
        `   bridge     ${app.url}         where Lumin and Legalesign post`,
        `   receiver   ${receiver.url}   your system, which verifies what it gets`,
        `   admin API  ${app.adminUrl}         what the bridge has recorded`,
      );
    },
    beginStep(number, { title, lesson, ...post }) {
      printHeading(number, title, lesson);
      print(`   ${ink("bold", "POST")} ${describePost(post)}`);
    },
    endStep({ response, requests }, complaints) {
      const mark = complaints.length === 0 ? tick : cross;
      print(
        `   ${mark} ${response.error ? `${response.status}, ${response.error}` : describeResponse(response)}`,
      );
      for (const [subject, rows] of toTable(requests)) {
        print("", `     ${ink("dim", subject)}`, ...rows.map((row) => `     ${rowOf(row)}`));
      }
      for (const complaint of complaints) print(`   ${cross} ${complaint}`);
    },
    showRecorded(number, findings) {
      printHeading(number, "What the bridge has recorded", ["It answers 200 only once a post is on disk."]);
      print(`   ${ink("bold", "GET")} /api/v1/events`);
      for (const { promise, broken } of findings)
        print(broken === null ? `   ${tick} ${promise}` : `   ${cross} ${broken}`);
    },
    conclude(totals) {
      print("", ink("bold", `${tick} ${describeTotals(totals)}`), "");
      print(
        ink(
          "dim",
          "Next: README.md shows how to point Lumin and Legalesign at it, and how to verify events;",
        ),
        ink(
          "dim",
          "countersign.example.yaml is a configuration to start from; `countersign check` reads it.",
        ),
      );
    },
    showUsage({ app, token }) {
      print(
        "",
        ink("bold", "It keeps running until Ctrl-C. Post as Legalesign would, in another terminal:"),
        "",
        `   curl '${app.url}/in/legalesign/upon?token=${token}' \\`,
        "     -d event=50 -d uuid=my-document -d name='My document'",
        "",
        "and see in a browser what is recorded of it:",
        "",
        `   ${app.adminUrl}/`,
        "",
        "or as a program would (`/readyz` and `/metrics` are there too):",
        "",
        `   curl '${app.adminUrl}/api/v1/events?document=my-document'`,
        "",
        "Requests to the receiver from now on:",
        "",
      );
    },
    showRequest(request) {
      const [[subject, rows] = ["", []]] = toTable([request]);
      print(...rows.map((row) => `   ${rowOf(row)}  ${ink("dim", subject)}`));
    },
  };
}

/** The post with its credentials: the signature, or the token in the URL. */
function describePost({ to, token, payload }: Pick<DemoStep, "to" | "token" | "payload">): string {
  const signature = payload.headers["x-signature"];
  const size = `${plural(Buffer.byteLength(payload.body), "byte")}`;
  const shown = signature ? `, X-Signature ${signature.slice(0, 8)}…${signature.slice(-4)}` : "";
  return `/in/${to}${token ? "?token=…" : ""}   ${size}${shown}`;
}

/** A request to the receiver, in columns. */
interface RequestRow {
  code: string;
  type: string;
  id: string;
  accepted: boolean;
  verdict: string;
}

/** Rows by subject, which shows the order that is kept for each document and signer. */
function toTable(requests: readonly Forwarded[]): [subject: string, rows: RequestRow[]][] {
  const rows = requests.map((request, index) => ({
    subject: request.event?.subject ?? "about nothing that could be verified",
    value: request.event?.data.code.value ?? "?",
    meaning: request.event?.data.code.meaning ?? "",
    type: request.event?.type ?? "?",
    id: `${request.id.slice(0, 10)}…`,
    accepted: isAccepted(request),
    verdict: describeVerdict(request, requests.slice(0, index)),
  }));
  const align = (column: "value" | "meaning" | "type") => {
    const width = Math.max(...rows.map((row) => row[column].length));
    return (text: string) => text.padEnd(width);
  };
  const [value, meaning, type] = [align("value"), align("meaning"), align("type")];
  const aligned = rows.map((row) => ({
    ...row,
    code: row.meaning === "" ? value(row.value) : `${value(row.value)}  ${meaning(row.meaning)}`,
    type: type(row.type),
  }));
  return [...Map.groupBy(aligned, ({ subject }) => subject)];
}

function describeVerdict({ id, status, verificationError }: Forwarded, before: readonly Forwarded[]): string {
  if (verificationError !== null) return `not verified: ${verificationError}`;
  if (status !== 200) return `answered ${status}`;
  const attempt = before.filter((earlier) => earlier.id === id).length + 1;
  return attempt === 1 ? "verified" : `verified, attempt ${attempt}`;
}

function describeTotals({ events, forwarded, verified, refused, repeats, retries }: Totals): string {
  const flow = `${plural(events, "event")} in, ${forwarded} forwarded, ${verified} verified`;
  const retry = retries === 1 ? "1 retry" : `${retries} retries`;
  return `${flow}; ${refused} forged refused; ${plural(repeats, "repeat")} recognised; ${retry}`;
}
