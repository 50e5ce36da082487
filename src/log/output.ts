import { type DestinationStream, pino } from "pino";

/** Bytes of lines that are written at once even before the turn is over. */
const BUFFER_BYTES = 8_192;

/**
 * Standard output, for the log. The lines of one turn of the event loop are one write, since a write costs
 * more than everything else about a line. No line waits longer than its turn, and none is lost at an exit of
 * the process.
 */
export function openLogOutput(): DestinationStream & { flushSync(): void } {
  const out = pino.destination({ dest: process.stdout.fd, sync: true, minLength: BUFFER_BYTES });
  let isDue = false;
  const flushSync = () => {
    isDue = false;
    out.flushSync();
  };
  process.once("exit", flushSync);
  return {
    write(line) {
      out.write(line);
      if (!isDue) setImmediate(flushSync);
      isDue = true;
    },
    flushSync,
  };
}
