import { CODES } from "./legalesign-codes.ts";
import type { NewLetter, Telling } from "./letter.ts";
import type { Happening, Life } from "./life.ts";

/** Everything of all documents since the last batch, in the order in which it happened; a signer's item names no document. */
export function tellInBatches(
  lives: readonly Life[],
  { start, every, chanceOf }: Pick<Telling, "start" | "every" | "chanceOf">,
): NewLetter[] {
  const told = lives.flatMap(({ happenings }) => happenings.filter(({ type }) => type in CODES));
  const batchOf = ({ time }: Happening) => Math.floor((time - start) / every) + 1;
  const batches = Map.groupBy(
    told.toSorted((a, b) => a.time - b.time),
    batchOf,
  );
  return [...batches].map(([number, tells]) => {
    const chance = chanceOf(`batch ${number}`);
    // Older samples have times without an offset, and `signers` in the address.
    const spelling = { offset: chance.happens(0.9) ? "+00:00" : "", plural: chance.happens(0.1) ? "s" : "" };
    const data = JSON.stringify(tells.map((happening) => toItem(happening, spelling)));
    const body = new URLSearchParams({ data }).toString();
    return {
      channel: "batch",
      lane: "batch",
      at: start + number * every + chance.int(100, 900),
      query: {},
      body,
      fragile: body.length - 1,
      tells,
      documents: [...new Set(tells.map(({ document }) => document))],
    };
  });
}

interface Spelling {
  offset: string;
  plural: string;
}

function toItem({ document, signer, type, time }: Happening, { offset, plural }: Spelling) {
  const uri = signer === null ? `/api/v1/document/${document}/` : `/api/v1/signer${plural}/${signer}/`;
  return {
    value: String(CODES[type]),
    timestamp: `${new Date(time).toISOString().slice(0, 19)}${offset}`,
    resource_uri: uri,
    name: "status",
  };
}
