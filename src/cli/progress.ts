import type { Terminal } from "./terminal.ts";

const WIDTH = 30;

/** A progress bar on a terminal; nothing where the output is not a terminal. */
export interface Progress {
  to(done: number): void;
  end(): void;
}

export function startProgress({ stderr }: Pick<Terminal, "stderr">, total: number): Progress {
  if (!stderr.isTTY || total === 0) return { to() {}, end() {} };
  return {
    to(done) {
      const share = Math.min(done / total, 1);
      const filled = Math.round(share * WIDTH);
      const bar = "█".repeat(filled) + "░".repeat(WIDTH - filled);
      stderr.write(`\r${bar} ${Math.round(share * 100)} %  ${done} of ${total}`);
    },
    end() {
      stderr.write("\n");
    },
  };
}
