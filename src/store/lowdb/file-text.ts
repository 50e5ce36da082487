import { crc32 } from "node:zlib";
import { messageOf } from "../../domain/errors.ts";
import type { Table } from "../rows.ts";
import { type Contents, EMPTY, lineOf, rowOf } from "./contents.ts";

/** The form of the file that this version writes, and the newest that it reads. */
export const FILE_VERSION = 2;

/** Bytes for the operating system at a time, so that a large file does not hold up the event loop. */
export const CHUNK_BYTES = 1_024 ** 2;
const LIST_END = Buffer.from("\n]");
const LISTS_END = Buffer.from(",\n");
const CHECKSUM = '"checksum": ';

const LISTS = Object.entries(EMPTY)
  .filter(([, value]) => typeof value !== "number")
  .map(([name]) => name as Table);

export type Reading =
  | { kind: "good"; contents: Contents }
  | { kind: "newer"; version: number }
  | { kind: "damaged"; why: string };

/**
 * The whole file, chunk by chunk: JSON with a row a line, and at the end a checksum of everything before.
 * Lines are put together in `buffer`, of `CHUNK_BYTES`, so a chunk must be written before the next is taken:
 * a new buffer for each would keep the garbage collector busy.
 */
export function* writeText(contents: Contents, buffer: Buffer): Generator<Buffer> {
  let checksum = 0;
  for (const chunk of inChunks(piecesOf(contents), buffer)) {
    checksum = crc32(chunk, checksum);
    yield chunk;
  }
  yield Buffer.from(`${CHECKSUM}${checksum}\n}\n`);
}

export function readText(bytes: Buffer): Reading {
  try {
    const { version, checksum, ...contents } = JSON.parse(bytes.toString());
    if (version > FILE_VERSION) return { kind: "newer", version };
    const end = bytes.lastIndexOf(CHECKSUM);
    if (crc32(bytes.subarray(0, end)) === checksum) return { kind: "good", contents: completed(contents) };
    return { kind: "damaged", why: "its checksum does not fit" };
  } catch (error) {
    return { kind: "damaged", why: messageOf(error) };
  }
}

/**
 * Files of form 1 have no tallies and no notes. Files from before retention have no tombstones, and no time
 * of the last report about a document. In files of 0.1.0 links and destinations have positions too.
 */
function completed(contents: Contents): Contents {
  const { documents, links, destinations } = contents;
  return {
    ...EMPTY,
    ...contents,
    documents: [...documents].map(rowOf<"documents">).map((row) => ({
      ...row,
      changedAt: row.changedAt ?? row.document.newest,
    })),
    links: [...links]
      .map(rowOf<"links">)
      .map(({ source, signer, document }) => ({ source, signer, document })),
    destinations: [...destinations].map(rowOf<"destinations">).map(({ state }) => ({ state })),
  };
}

function* piecesOf(contents: Contents): Generator<Buffer> {
  yield Buffer.from(`{\n"version": ${FILE_VERSION},\n"position": ${contents.position}`);
  for (const name of LISTS) {
    yield Buffer.from(`,\n"${name}": [`);
    let isFirst = true;
    for (const row of contents[name]) {
      yield isFirst ? lineOf(row).subarray(1) : lineOf(row);
      isFirst = false;
    }
    yield LIST_END;
  }
  yield LISTS_END;
}

function* inChunks(pieces: Iterable<Buffer>, buffer: Buffer): Generator<Buffer> {
  let length = 0;
  for (const piece of pieces) {
    if (length + piece.length > buffer.length) {
      yield buffer.subarray(0, length);
      length = 0;
    }
    if (piece.length > buffer.length) yield piece;
    else length += piece.copy(buffer, length);
  }
  yield buffer.subarray(0, length);
}
