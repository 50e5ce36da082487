import { LEGALESIGN_CODES } from "../domain/legalesign-codes.ts";
import type { PostDraft } from "./planned-post.ts";
import type { PostingOptions } from "./provider.ts";
import type { SimulatedHappening, Timeline } from "./timeline.ts";

/** All happenings of all documents since the last batch, oldest first. A signer's item names no document. */
export function planBatchPosts(
  timelines: readonly Timeline[],
  { start, every, chanceOf }: Pick<PostingOptions, "start" | "every" | "chanceOf">,
): PostDraft[] {
  const reported = timelines.flatMap(({ happenings }) =>
    happenings.filter(({ type }) => type in LEGALESIGN_CODES),
  );
  const batchOf = ({ time }: SimulatedHappening) => Math.floor((time - start) / every) + 1;
  const batches = Map.groupBy(
    reported.toSorted((a, b) => a.time - b.time),
    batchOf,
  );
  return [...batches].map(([number, happenings]) => {
    const chance = chanceOf(`batch ${number}`);
    // Older samples have times without an offset, and `signers` in the address.
    const spelling = { offset: chance.happens(0.9) ? "+00:00" : "", plural: chance.happens(0.1) ? "s" : "" };
    const data = JSON.stringify(happenings.map((happening) => toItem(happening, spelling)));
    const body = new URLSearchParams({ data }).toString();
    return {
      channel: "batch",
      lane: "batch",
      at: start + number * every + chance.int(100, 900),
      query: {},
      body,
      unreadableLength: body.length - 1,
      happenings,
      documents: [...new Set(happenings.map(({ document }) => document))],
    };
  });
}

interface Spelling {
  offset: string;
  plural: string;
}

function toItem({ document, signer, type, time }: SimulatedHappening, { offset, plural }: Spelling) {
  const uri = signer === null ? `/api/v1/document/${document}/` : `/api/v1/signer${plural}/${signer}/`;
  return {
    value: String(LEGALESIGN_CODES[type]),
    timestamp: `${new Date(time).toISOString().slice(0, 19)}${offset}`,
    resource_uri: uri,
    name: "status",
  };
}
