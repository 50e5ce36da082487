import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";

/** Files of lines, which may be larger than memory. A line ends with a line feed and with nothing else, unlike node:readline's. */

const CHUNK_BYTES = 1_024 ** 2;
const LINE_FEED = 0x0a;

/** The lines without their ends, in order. What stands behind the last end is passed over: it was not written wholly. */
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

/** How many bytes from the end on are looked at for the last line. */
const TAIL_BYTES = 4_096;

/** The last line; null: it has no end, or is a long one. */
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
