import { receiptId } from "../domain/identity.ts";
import { bytesColumn, numbersColumn } from "./columns.ts";

/** A kept request, as it is remembered. */
export interface ReadRequest {
  id: string;
  /** The number of its channel in the scope. */
  channel: number;
  /** Milliseconds since 1970. */
  receivedAt: number;
}

export interface RequestList {
  readonly length: number;
  push(request: ReadRequest): void;
  at(index: number): ReadRequest;
  channelOf(index: number): number;
  receivedAt(index: number): number;
}

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const VALUES = new Map([...ALPHABET].map((letter, value) => [letter, value]));
/** `rcp_` and ten letters of time. */
const HEAD = 14;
const RANDOM_BYTES = 10;

/** Requests in 19 bytes each: of an id only the part that its time does not give. */
export function createRequestList(): RequestList {
  const randoms = bytesColumn();
  /** Ids of another form. */
  const others = new Map<number, string>();
  const channels = bytesColumn();
  const times = numbersColumn();
  const random = new Uint8Array(RANDOM_BYTES);

  return {
    get length() {
      return times.length;
    },
    push({ id, channel, receivedAt }) {
      readRandom(id, random);
      if (receiptId(receivedAt, random) !== id) others.set(times.length, id);
      for (const byte of random) randoms.push(byte);
      channels.push(channel);
      times.push(receivedAt);
    },
    at(index) {
      const bytes = random.map((_, n) => randoms.at(index * RANDOM_BYTES + n));
      const receivedAt = times.at(index);
      const id = others.get(index) ?? receiptId(receivedAt, bytes);
      return { id, channel: channels.at(index), receivedAt };
    },
    channelOf: channels.at,
    receivedAt: times.at,
  };
}

/** The bytes of the last sixteen letters; of a letter that is none in base 32, anything. */
function readRandom(id: string, into: Uint8Array): void {
  let [held, bits, at] = [0, 0, HEAD];
  for (let n = 0; n < RANDOM_BYTES; n++) {
    while (bits < 8) {
      held = ((held << 5) | (VALUES.get(id[at] ?? "") ?? 0)) & 0xfff;
      bits += 5;
      at += 1;
    }
    bits -= 8;
    into[n] = (held >> bits) & 0xff;
  }
}
