import { type DestinationStream, pino } from "pino";

/** Characters of lines that are written even before the turn is over. */
const MAX_WAITING = 8_192;

/**
 * Standard output, for the log. The lines of one turn of the event loop are one write, since a write costs
 * more than everything else about a line. No line waits longer than its turn, and none is lost at an exit of
 * the process. They are gathered here and not by pino's destination, which flushes a file to the disk each
 * time that it is told to write what it has.
 */
export function openLogOutput(): DestinationStream & { flushSync(): void } {
  const out = pino.destination({ dest: process.stdout.fd, sync: true });
  let waiting = "";
  let isDue = false;
  const flush = () => {
    isDue = false;
    const lines = waiting;
    waiting = "";
    if (lines !== "") out.write(lines);
  };
  const flushSync = () => {
    flush();
    out.flushSync();
  };
  process.once("exit", flushSync);
  return {
    write(line) {
      waiting += line;
      if (waiting.length >= MAX_WAITING) flush();
      else if (!isDue) {
        isDue = true;
        setImmediate(flush);
      }
    },
    flushSync,
  };
}
