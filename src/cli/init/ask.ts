import { createInterface } from "node:readline";
import { CountersignError } from "../../domain/errors.ts";
import { inert } from "../../domain/inert.ts";
import type { Terminal } from "../terminal.ts";

/** Asks questions one after the other. */
export interface Interview {
  /**
   * The answer, as `read` makes it. `read` throws a CountersignError for a bad one: its reason is printed,
   * and the question is asked again. An empty answer is `standard`, where there is one.
   *
   * @throws CountersignError `bad_request` when the input ends.
   */
  ask<T>(question: string, read: (text: string) => T | Promise<T>, standard?: string): Promise<T>;
  close(): void;
}

export function createInterview({ stdin, stdout }: Terminal): Interview {
  if (!stdin) throw ended();
  const lines = createInterface({ input: stdin, output: stdout, terminal: stdin.isTTY === true });
  // Lines may come before their questions are asked, from a pipe.
  const read = lines[Symbol.asyncIterator]();
  let isOpen = true;
  lines.on("SIGINT", () => lines.close());
  lines.on("close", () => {
    isOpen = false;
  });

  async function nextAnswer(prompt: string): Promise<string> {
    lines.setPrompt(prompt);
    if (isOpen) lines.prompt();
    else stdout.write(prompt);
    const { value, done } = await read.next();
    if (!done) return value.trim();
    stdout.write("\n");
    throw ended();
  }

  return {
    async ask(question, parse, standard) {
      const hint = standard === undefined || standard === "" ? "" : ` [${standard}]`;
      for (;;) {
        const text = (await nextAnswer(`${question}${hint}: `)) || standard;
        try {
          if (text === undefined) throw new CountersignError("bad_request", "an answer is needed");
          return await parse(text);
        } catch (error) {
          if (!(error instanceof CountersignError)) throw error;
          stdout.write(`  ${inert(error.message)}\n`);
        }
      }
    },
    close: () => lines.close(),
  };
}

function ended(): CountersignError {
  return new CountersignError(
    "bad_request",
    "nothing is written, since there is no answer: answer the questions, or give --provider and --destination",
  );
}
