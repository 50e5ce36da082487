import type { Problem } from "../domain/receipt.ts";
import type { RecordRequest, RecordResult } from "./port/inbox.ts";

type Write = (recording: RecordRequest) => Promise<RecordResult>;

/** So much of a database's own words is kept in a problem. */
const MAX_MESSAGE_LENGTH = 300;

/**
 * Writes a recording; where the database refuses what it tells, writes its receipt alone, with a problem that says so: a genuine
 * request is never lost for a value that no store can hold, and can be read again once that is solved. `whyRefused` gives the
 * database's words; null: the fault is not in what was given, and the promise rejects with it.
 */
export function keepingReceipts(write: Write, whyRefused: (error: unknown) => string | null): Write {
  return async (recording) => {
    try {
      return await write(recording);
    } catch (error) {
      const why = whyRefused(error);
      if (why === null) throw error;
      const refused = toProblem(why);
      return { ...(await write(alone(recording, refused))), refused };
    }
  };
}

function toProblem(why: string): Problem {
  const words = why.slice(0, MAX_MESSAGE_LENGTH);
  return {
    kind: "invalid",
    item: null,
    field: null,
    message: `the store cannot hold what this request tells, so only its bytes are kept (${words})`,
  };
}

/** The receipt with one problem more, and nothing that came of it. */
function alone({ receipt }: RecordRequest, problem: Problem): RecordRequest {
  return {
    receipt: { ...receipt, problems: [...receipt.problems, problem] },
    lookup: { documents: [], signers: [], placedSigners: [], dedupeKeys: [], nearKeys: [], coalesce: [] },
    resolve: () => ({
      ...{ events: [], documents: [], deliveries: [], duplicates: [], links: [] },
      candidates: new Map(),
      channelKeys: { added: [], removed: [] },
      moved: { from: [], to: [] },
    }),
  };
}
