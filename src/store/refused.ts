import type { Problem } from "../domain/receipt.ts";
import { NO_CHANGES } from "../domain/shadow.ts";
import type { RecordRequest, RecordResult } from "./port/inbox.ts";

type Write = (request: RecordRequest) => Promise<RecordResult>;

/** The part of a database's message that a problem quotes. */
const MAX_MESSAGE_LENGTH = 300;

/**
 * Writes a request; where the database refuses a value of it, writes its receipt alone, with a problem. So a
 * genuine request is never lost for a value that no store can hold, and can be processed again once that is
 * solved. `whyRefused` gives the database's message; null: the fault lies elsewhere, and the promise rejects
 * with it.
 */
export function keepingReceipts(write: Write, whyRefused: (error: unknown) => string | null): Write {
  return async (request) => {
    try {
      return await write(request);
    } catch (error) {
      const why = whyRefused(error);
      if (why === null) throw error;
      const refused = toProblem(why);
      return { ...(await write(alone(request, refused))), refused };
    }
  };
}

function toProblem(why: string): Problem {
  const words = why.slice(0, MAX_MESSAGE_LENGTH);
  return {
    kind: "invalid",
    item: null,
    field: null,
    message: `the store cannot hold what this request reports, so only its bytes are kept (${words})`,
  };
}

/** The receipt with one more problem, and no events. */
function alone({ receipt, shadow }: RecordRequest, problem: Problem): RecordRequest {
  return {
    receipt: { ...receipt, problems: [...receipt.problems, problem] },
    lookup: { documents: [], signers: [], placedSigners: [], dedupeKeys: [], nearKeys: [], coalesce: [] },
    resolve: () => NO_CHANGES,
    shadow,
  };
}
