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

const PREFIX = "rcp_";
const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const VALUES = new Map([...ALPHABET].map((letter, value) => [letter, value]));
const LETTERS = 26;
const ID_BYTES = 17;

/** Requests in 26 bytes each: ids are numbers in base 32, and are kept as these. */
export function createRequestList(): RequestList {
  const ids = bytesColumn();
  /** Ids of another form. */
  const others = new Map<number, string>();
  const channels = bytesColumn();
  const times = numbersColumn();

  function pushId(id: string): void {
    const isUsual = id.length === PREFIX.length + LETTERS && id.startsWith(PREFIX);
    let [held, bits, isKnown] = [0, 0, isUsual];
    for (let n = 0, written = 0; written < ID_BYTES; ) {
      while (bits < 8) {
        const value = n < LETTERS ? VALUES.get(id[PREFIX.length + n] ?? "") : 0;
        isKnown &&= value !== undefined;
        held = ((held << 5) | (value ?? 0)) & 0xfff;
        bits += 5;
        n += 1;
      }
      bits -= 8;
      ids.push((held >> bits) & 0xff);
      written += 1;
    }
    if (!isKnown) others.set(times.length, id);
  }

  function idAt(index: number): string {
    const other = others.get(index);
    if (other !== undefined) return other;
    let text = PREFIX;
    for (let n = 0; n < LETTERS; n++) {
      const bit = n * 5;
      const at = index * ID_BYTES + (bit >> 3);
      const pair = (ids.at(at) << 8) | ((bit >> 3) + 1 < ID_BYTES ? ids.at(at + 1) : 0);
      text += ALPHABET[(pair >> (11 - (bit & 7))) & 31];
    }
    return text;
  }

  return {
    get length() {
      return times.length;
    },
    push({ id, channel, receivedAt }) {
      pushId(id);
      channels.push(channel);
      times.push(receivedAt);
    },
    at: (index) => ({ id: idAt(index), channel: channels.at(index), receivedAt: times.at(index) }),
    channelOf: channels.at,
    receivedAt: times.at,
  };
}
