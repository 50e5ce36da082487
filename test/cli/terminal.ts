import { Readable, Writable } from "node:stream";
import { run } from "../../src/cli/run.ts";
import type { Environment } from "../../src/environment.ts";

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

interface Surroundings {
  env?: Environment;
  signal?: AbortSignal;
  /** What stands on the standard input; absent: there is none. */
  input?: string;
}

/** Runs a command in this process, as from a terminal. */
export async function runCommand(
  args: readonly string[],
  { env = {}, signal = new AbortController().signal, input }: Surroundings = {},
): Promise<Ran> {
  const stdout = collect();
  const stderr = collect();
  const code = await run(args, {
    env,
    ...(input === undefined ? {} : { stdin: Readable.from([input]) }),
    stdout: stdout.stream,
    stderr: stderr.stream,
    signal,
    onReload() {},
  });
  return { code, stdout: stdout.text(), stderr: stderr.text() };
}

function collect() {
  const chunks: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      chunks.push(String(chunk));
      done();
    },
  });
  return { stream, text: () => chunks.join("") };
}
