import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";

/** Files of lines that may be larger than memory. Only a line feed ends a line, unlike in node:readline. */

const CHUNK_BYTES = 1_024 ** 2;
const LINE_FEED = 0x0a;

/**
 * The lines in order, without their line feeds. Bytes behind the last line feed are skipped: that write was
 * cut off.
 */
export async function* linesOf(file: string): AsyncGenerator<Buffer> {
  let begun: Buffer[] = [];
  for await (const chunk of createReadStream(file, { highWaterMark: CHUNK_BYTES })) {
    let from = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, from)) {
      yield Buffer.concat([...begun, chunk.subarray(from, end)]);
      begun = [];
      from = end + 1;
    }
    begun.push(chunk.subarray(from));
  }
}

/** Only this many bytes at the end are searched for the last line. */
const TAIL_BYTES = 4_096;

/** The last line; null: it has no line feed, or is longer than `TAIL_BYTES`. */
export async function lastLineOf(file: string): Promise<string | null> {
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    const length = Math.min(size, TAIL_BYTES);
    const { buffer } = await handle.read(Buffer.alloc(length), 0, length, size - length);
    const lines = buffer.toString("utf8").split("\n");
    const isWhole = lines.at(-1) === "" && (lines.length > 2 || size === length);
    return (isWhole && lines.at(-2)) || null;
  } finally {
    await handle.close();
  }
}
