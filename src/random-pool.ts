/** Bytes drawn at a time: drawing a few costs as much as drawing a few thousand. */
const POOL_BYTES = 8_192;

/** Random bytes from a pool that `draw` fills. No byte is given out twice. At most 8,192 at a time. */
export function createRandomPool(draw: (length: number) => Uint8Array): (length: number) => Uint8Array {
  let pool: Uint8Array = new Uint8Array();
  return (length) => {
    if (pool.length < length) pool = draw(POOL_BYTES);
    const bytes = pool.subarray(0, length);
    pool = pool.subarray(length);
    return bytes;
  };
}
