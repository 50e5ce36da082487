import { type FileHandle, open, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { type Header, parseHeader, parseLine } from "../backup/ndjson.ts";
import { CountersignError, messageOf } from "../domain/errors.ts";
import { PRIVATE_FILE } from "../private-files.ts";
import { cursorAt } from "../store/cursor.ts";
import { TABLES, type Table } from "../store/rows.ts";
import { linesOf } from "./lines.ts";

/** An export that is being written: FILE.part, renamed to FILE once it is complete. */
export interface ExportPart {
  handle: FileHandle;
  /** Null: it is a new file. */
  point: Point | null;
}

/** The position from which an export is resumed. */
export interface Point {
  /** The export's first line. */
  header: Header;
  table: Table;
  /** The last row of the table that was written; absent: none. */
  cursor?: string;
  /** The number of rows before. */
  rows: number;
  /** The number of bytes before. */
  offset: number;
}

const partOf = (file: string) => `${file}.part`;

/**
 * Creates a file that only its owner may read.
 *
 * @throws CountersignError `bad_request` when it cannot be created.
 */
export async function beginPart(file: string): Promise<ExportPart> {
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
 * Opens the file of an interrupted export, cut after its last whole line.
 *
 * @throws CountersignError `bad_request` when there is none, or it is not the beginning of an export.
 */
export async function resumePart(file: string): Promise<ExportPart> {
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

/** Writes the chunks at the end. */
export async function writeTo({ handle, point }: ExportPart, chunks: AsyncIterable<string>): Promise<void> {
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

/** Renames the file. All of it is on disk once this resolves. */
export async function finishPart({ handle }: ExportPart, file: string): Promise<void> {
  await handle.sync();
  await rename(partOf(file), file);
  const folder = await open(dirname(file));
  await folder.sync().finally(() => folder.close());
}

/** How far a file is read as an export. */
interface Reach {
  end: Point;
  /** The position at which the table of the last row begins; null: there is no row. */
  begin: Point | null;
  last: Buffer;
}

/** Null: the header is not whole. */
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

/** Null: the line is the footer, not a row. */
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

/** A table whose rows have no position is short, so it is written again. */
function pointOf({ end, begin, last }: Reach): Point {
  if (!begin) return end;
  const position = positionOf(last, end.rows + 1);
  return position === null ? begin : { ...end, cursor: cursorAt(position) };
}

const ROW = /^\{"table":"(\w+)",/;

/** Reads only the beginning, since a line may be long. Null: not a row. */
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
