import { type FileHandle, open, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { type Header, parseHeader, parseLine } from "../backup/ndjson.ts";
import { CountersignError, messageOf } from "../domain/errors.ts";
import { PRIVATE_FILE } from "../private-files.ts";
import { cursorAt } from "../store/cursor.ts";
import { TABLES, type Table } from "../store/rows.ts";
import { linesOf } from "./lines.ts";

/** An export while it is being written: FILE.part, which gets its name once it is whole. */
export interface Part {
  handle: FileHandle;
  /** Null: it is new. */
  point: Point | null;
}

/** From where an export goes on. */
export interface Point {
  /** What it began with. */
  header: Header;
  table: Table;
  /** Behind which row of the table; absent: from its first. */
  cursor?: string;
  /** How many rows stand before. */
  rows: number;
  /** How many bytes stand before. */
  offset: number;
}

const partOf = (file: string) => `${file}.part`;

/** A new one, which nobody but its owner may read. @throws CountersignError `bad_request` when it cannot be had. */
export async function beginPart(file: string): Promise<Part> {
  const part = partOf(file);
  try {
    return { handle: await open(part, "wx", PRIVATE_FILE), point: null };
  } catch (error) {
    const isThere = error instanceof Error && "code" in error && error.code === "EEXIST";
    throw refusal(
      isThere
        ? `${part} is there, of an export that was broken off or is still running: go on with it (--resume), or remove it`
        : `${part} cannot be written: ${messageOf(error)}`,
    );
  }
}

/**
 * One that was broken off, cut behind its last whole line.
 *
 * @throws CountersignError `bad_request` when there is none, or it is not the beginning of an export.
 */
export async function resumePart(file: string): Promise<Part> {
  const part = partOf(file);
  const handle = await open(part, "r+").catch((error) => {
    throw refusal(`there is nothing to go on with (${messageOf(error)}): export without --resume`);
  });
  try {
    const point = await endOf(part);
    await handle.chmod(PRIVATE_FILE);
    await handle.truncate(point?.offset ?? 0);
    return { handle, point };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Writes at the end of what is whole. */
export async function writeTo({ handle, point }: Part, chunks: AsyncIterable<string>): Promise<void> {
  let at = point?.offset ?? 0;
  for await (const chunk of chunks) {
    const bytes = Buffer.from(chunk);
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, at);
      done += bytesWritten;
      at += bytesWritten;
    }
  }
}

/** Gives it its name. All of it is on disk once this resolves. */
export async function finishPart({ handle }: Part, file: string): Promise<void> {
  await handle.sync();
  await rename(partOf(file), file);
  const folder = await open(dirname(file));
  await folder.sync().finally(() => folder.close());
}

/** How far a file is an export. */
interface Reach {
  end: Point;
  /** Where the table of its last row begins; null: it has no row. */
  begin: Point | null;
  last: Buffer;
}

/** Null: not even its header is whole. */
async function endOf(part: string): Promise<Point | null> {
  let reach: Reach | null = null;
  for await (const line of linesOf(part)) {
    const further: Reach | null = reach ? advance(reach, line) : start(line);
    if (!further) break;
    reach = further;
  }
  return reach && pointOf(reach);
}

function start(line: Buffer): Reach {
  const header = parseHeader(line.toString());
  return { end: { header, table: TABLES[0], rows: 0, offset: line.length + 1 }, begin: null, last: line };
}

/** Null: the line is no row, but the footer. */
function advance({ end, begin }: Reach, line: Buffer): Reach | null {
  const table = tableOf(line);
  if (table === null) {
    parseLine(line.toString(), end.rows + 2);
    return null;
  }
  return {
    end: { ...end, table, rows: end.rows + 1, offset: end.offset + line.length + 1 },
    begin: table === begin?.table ? begin : { ...end, table },
    last: line,
  };
}

/** A table whose rows have no position is short, and begun again. */
function pointOf({ end, begin, last }: Reach): Point {
  if (!begin) return end;
  const position = positionOf(last, end.rows + 1);
  return position === null ? begin : { ...end, cursor: cursorAt(position) };
}

const ROW = /^\{"table":"(\w+)",/;

/** Only the beginning is looked at, for a line may be long. Null: it is no row. */
function tableOf(line: Buffer): Table | null {
  const [, name] = ROW.exec(line.toString("latin1", 0, 40)) ?? [];
  return TABLES.find((table) => table === name) ?? null;
}

function positionOf(line: Buffer, number: number): number | null {
  const parsed = parseLine(line.toString(), number);
  return parsed.kind === "row" && "position" in parsed.of.row ? parsed.of.row.position : null;
}

function refusal(message: string): CountersignError {
  return new CountersignError("bad_request", message);
}
