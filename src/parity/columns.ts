/** Numbers in a row, in far less memory than a list of them takes: reports compare millions. */
type Numbers = Uint8Array | Uint32Array | Float64Array;

export interface Column<Of extends Numbers> {
  readonly length: number;
  push(value: number): void;
  /** 0 beyond the end. */
  at(index: number): number;
  /** The values so far, without a copy. */
  values(): Of;
}

const FIRST_CAPACITY = 1_024;
const GROWTH = 1.5;

export const bytesColumn = () => createColumn((size) => new Uint8Array(size));
export const wordsColumn = () => createColumn((size) => new Uint32Array(size));
export const numbersColumn = () => createColumn((size) => new Float64Array(size));

function createColumn<Of extends Numbers>(make: (size: number) => Of): Column<Of> {
  let values = make(FIRST_CAPACITY);
  let length = 0;
  return {
    get length() {
      return length;
    },
    push(value) {
      if (length === values.length) {
        const larger = make(Math.ceil(values.length * GROWTH));
        larger.set(values as never);
        values = larger;
      }
      values[length] = value;
      length += 1;
    },
    at: (index) => values[index] ?? 0,
    values: () => values.subarray(0, length) as Of,
  };
}
