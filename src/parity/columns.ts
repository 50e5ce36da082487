/** Numbers in a row, in far less memory than a list of them takes: reports compare millions. */
export interface Column {
  readonly length: number;
  push(value: number): void;
  /** Of an index that there is. */
  at(index: number): number;
}

type Numbers = Uint8Array | Uint32Array | Float64Array;

/** In chunks, so that no room is kept ahead and nothing is copied. */
const CHUNK_BITS = 16;
const CHUNK = 2 ** CHUNK_BITS;

export const bytesColumn = () => createColumn(() => new Uint8Array(CHUNK));
export const wordsColumn = () => createColumn(() => new Uint32Array(CHUNK));
export const numbersColumn = () => createColumn(() => new Float64Array(CHUNK));

function createColumn(newChunk: () => Numbers): Column {
  const chunks: Numbers[] = [];
  let length = 0;
  return {
    get length() {
      return length;
    },
    push(value) {
      if (length % CHUNK === 0) chunks.push(newChunk());
      (chunks[length >>> CHUNK_BITS] as Numbers)[length % CHUNK] = value;
      length += 1;
    },
    at: (index) => (chunks[index >>> CHUNK_BITS] as Numbers)[index % CHUNK] as number,
  };
}

/** The numbers of a column, from the smallest. */
export function sorted(column: Column): Float64Array {
  const values = new Float64Array(column.length);
  for (let index = 0; index < values.length; index++) values[index] = column.at(index);
  return values.sort();
}
