import { styleText } from "node:util";
import type { Terminal } from "../terminal.ts";
import { describeAnswer, type Finding, plural, type Tally } from "./judge.ts";
import { isTaken, type Scene } from "./play.ts";
import type { Forwarded } from "./receiver.ts";
import type { Stage } from "./stage.ts";
import type { Step } from "./story.ts";

/** Tells a newcomer what happens, as it happens. */
export interface Narrator {
  open(stage: Stage): void;
  /** What is posted, before anything has come of it. */
  announce(number: number, step: Step): void;
  /** What was answered, what it turned into, what the receiver made of that, and what is wrong with it. */
  show(scene: Scene, complaints: readonly string[]): void;
  showKept(number: number, findings: readonly Finding[]): void;
  close(tally: Tally): void;
  /** What there is to try while all stays up. */
  invite(stage: Stage): void;
  /** One request that came to the receiver meanwhile. */
  report(request: Forwarded): void;
}

/** Colours only where the terminal shows them and NO_COLOR is not set; nothing is said by colour alone. */
export function createNarrator(stdout: Terminal["stdout"]): Narrator {
  const ink = (style: Parameters<typeof styleText>[0], text: string) =>
    styleText(style, text, { stream: stdout });
  const tick = ink("green", "✓");
  const cross = ink("red", "✗");
  const say = (...lines: readonly string[]) => stdout.write(lines.map((line) => `${line}\n`).join(""));

  function head(number: number, title: string, lesson: readonly string[]): void {
    say("", ink("bold", `${number}  ${title}`), ...lesson.map((line) => ink("dim", `   ${line}`)), "");
  }

  function rowOf(row: Row): string {
    const mark = row.good ? tick : cross;
    return `${row.said}  →  ${ink("cyan", row.type)}  ${ink("dim", row.id)}  ${mark} ${row.verdict}`;
  }

  return {
    open({ app, receiver }) {
      say(
        "",
        ink("bold", "Countersign, from end to end: a bridge between e-sign providers and your own systems."),
        "All of it runs on this machine for a few seconds, and leaves nothing behind.",
        "",
        `   bridge     ${app.url}         where Lumin and Legalesign post`,
        `   receiver   ${receiver.url}   your system, which verifies what it gets`,
        `   admin API  ${app.adminUrl}         what the bridge has kept`,
      );
    },
    announce(number, { title, lesson, ...post }) {
      head(number, title, lesson);
      say(`   ${ink("bold", "POST")} ${describePost(post)}`);
    },
    show({ answer, requests }, complaints) {
      const mark = complaints.length === 0 ? tick : cross;
      say(`   ${mark} ${answer.error ? `${answer.status}, ${answer.error}` : describeAnswer(answer)}`);
      for (const [subject, rows] of toTable(requests)) {
        say("", `     ${ink("dim", subject)}`, ...rows.map((row) => `     ${rowOf(row)}`));
      }
      for (const complaint of complaints) say(`   ${cross} ${complaint}`);
    },
    showKept(number, findings) {
      head(number, "What the bridge has kept", ["It answers 200 only once a post is on disk."]);
      say(`   ${ink("bold", "GET")} /api/v1/events`);
      for (const { promise, broken } of findings)
        say(broken === null ? `   ${tick} ${promise}` : `   ${cross} ${broken}`);
    },
    close(tally) {
      say("", ink("bold", `${tick} ${describeTally(tally)}`), "");
      say(
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
    invite({ app, token }) {
      say(
        "",
        ink("bold", "It stays up until Ctrl-C. Post as Legalesign would, in another terminal:"),
        "",
        `   curl '${app.url}/in/legalesign/upon?token=${token}' \\`,
        "     -d event=50 -d uuid=my-document -d name='My document'",
        "",
        "and see what is kept of it (`/readyz` and `/metrics` are there too):",
        "",
        `   curl '${app.adminUrl}/api/v1/events?document=my-document'`,
        "",
        "What the receiver gets from now on:",
        "",
      );
    },
    report(request) {
      const [[subject, rows] = ["", []]] = toTable([request]);
      say(...rows.map((row) => `   ${rowOf(row)}  ${ink("dim", subject)}`));
    },
  };
}

/** What shows that it is genuine stands with it: the signature, or the token in the URL. */
function describePost({ to, token, payload }: Pick<Step, "to" | "token" | "payload">): string {
  const signature = payload.headers["x-signature"];
  const size = `${plural(Buffer.byteLength(payload.body), "byte")}`;
  const shown = signature ? `, X-Signature ${signature.slice(0, 8)}…${signature.slice(-4)}` : "";
  return `/in/${to}${token ? "?token=…" : ""}   ${size}${shown}`;
}

/** A request to the receiver, in columns of equal width. */
interface Row {
  said: string;
  type: string;
  id: string;
  good: boolean;
  verdict: string;
}

/** Rows by what they are about: so the order that is kept for each document and signer can be seen. */
function toTable(requests: readonly Forwarded[]): [subject: string, rows: Row[]][] {
  const rows = requests.map((request, index) => ({
    subject: request.event?.subject ?? "about nothing that could be verified",
    value: request.event?.data.code.value ?? "?",
    meaning: request.event?.data.code.meaning ?? "",
    type: request.event?.type ?? "?",
    id: `${request.id.slice(0, 10)}…`,
    good: isTaken(request),
    verdict: describeVerdict(request, requests.slice(0, index)),
  }));
  const align = (column: "value" | "meaning" | "type") => {
    const width = Math.max(...rows.map((row) => row[column].length));
    return (text: string) => text.padEnd(width);
  };
  const [value, meaning, type] = [align("value"), align("meaning"), align("type")];
  const aligned = rows.map((row) => ({
    ...row,
    said: row.meaning === "" ? value(row.value) : `${value(row.value)}  ${meaning(row.meaning)}`,
    type: type(row.type),
  }));
  return [...Map.groupBy(aligned, ({ subject }) => subject)];
}

function describeVerdict({ id, status, mistrust }: Forwarded, before: readonly Forwarded[]): string {
  if (mistrust !== null) return `not verified: ${mistrust}`;
  if (status !== 200) return `answered ${status}`;
  const tries = before.filter((earlier) => earlier.id === id).length + 1;
  return tries === 1 ? "verified" : `verified, try ${tries}`;
}

function describeTally({ events, forwarded, verified, refused, repeats, retries }: Tally): string {
  const flow = `${plural(events, "event")} in, ${forwarded} forwarded, ${verified} verified`;
  const retry = retries === 1 ? "1 retry" : `${retries} retries`;
  return `${flow}; ${refused} forged refused; ${plural(repeats, "repeat")} recognised; ${retry}`;
}
