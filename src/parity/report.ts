import { z } from "zod";
import { EVENT_TYPES, type EventType } from "../domain/event.ts";

/** The report as plain data: what it says does not depend on how it is shown. */

const instant = z.iso.datetime({ precision: 3 }).describe("UTC, RFC 3339 with milliseconds");
const count = z.int().nonnegative();
const milliseconds = z.number().describe("milliseconds");
const side = z.enum(["old", "new"]);
/** No request tells an event of the bridge itself. */
const type = z.enum(EVENT_TYPES) as unknown as z.ZodType<EventType>;
const channelName = z.string().describe("source and channel, such as `legalesign/batch`");

export const LOSS_CLASSES = ["by_design", "pending", "outage", "accepted", "unexplained"] as const;
export type LossClass = (typeof LOSS_CLASSES)[number];

/** Why a report could not be made: the exit code is 2. */
export const OBSTACLES = [
  "same_channel",
  "no_pairs",
  "too_few_pairs",
  "silent_channel",
  "beyond_retention",
  "mapping_not_in_force",
  "mappings_differ",
  "control_failed",
] as const;

const Telling = z
  .strictObject({
    channel: channelName,
    receipt: z.string().describe("the id of the kept request: `countersign explain rcp_…` tells more"),
    receivedAt: instant,
    time: instant.nullable().describe("when it happened by the provider's clock; null: not stated"),
    type,
    code: z
      .strictObject({ object: z.string().nullable(), value: z.string(), name: z.string().nullable() })
      .describe("the provider's own word"),
    item: z.string().optional().describe("the item as it was sent, as JSON; only with --full"),
  })
  .describe("One channel's telling");
export type Telling = z.infer<typeof Telling>;

const Accepted = z
  .strictObject({ reason: z.string(), by: z.string(), at: instant })
  .describe("the exception that was accepted, with its reason");

const finding = {
  id: z.string().regex(/^par_[a-z0-9]{26}$/),
  type,
  terminal: z.boolean().describe("the document or signer ends with it: completed, signed, declined …"),
  document: z.string().nullable().describe("the provider's id; null: no request names it"),
  signer: z.string().nullable().describe("the provider's id; null: it is about the document, or not known"),
  time: instant,
  event: z
    .string()
    .nullable()
    .describe("for `countersign explain`; null: its id cannot be told from the post"),
  old: Telling.nullable(),
  new: Telling.nullable(),
  sentence: z.string(),
};

export const Loss = z
  .strictObject({
    ...finding,
    missing: side.describe("the side that did not tell it"),
    class: z.enum(LOSS_CLASSES),
    accepted: Accepted.nullable(),
  })
  .describe("What one side alone told");
export type Loss = z.infer<typeof Loss>;

export const Disagreement = z
  .strictObject({
    ...finding,
    severity: z.enum(["unsafe", "harmless"]),
    fields: z.array(
      z.strictObject({
        name: z.string(),
        old: z.string().nullable().describe("null: hidden, since it is personal; --full shows it"),
        new: z.string().nullable(),
      }),
    ),
    accepted: Accepted.nullable(),
  })
  .describe("What both sides told, each in another way");
export type Disagreement = z.infer<typeof Disagreement>;

const Outage = z
  .strictObject({
    channel: channelName,
    from: instant,
    until: instant,
    whole: z.boolean().describe("no request came over any compared channel: the bridge itself was away"),
    missing: count.describe("what the other side told of that time, and this channel did not"),
  })
  .describe("A time without any request of a channel, in which it must have had something to tell");
export type Outage = z.infer<typeof Outage>;

const quantiles = z.strictObject({
  count,
  p50: milliseconds,
  p90: milliseconds,
  p99: milliseconds,
  p999: milliseconds,
  max: milliseconds,
});
export type Quantiles = z.infer<typeof quantiles>;

const Scope = z.strictObject({
  sources: z.array(z.string()),
  old: z.array(channelName),
  new: z.array(channelName),
  from: instant,
  until: instant,
  observed: milliseconds.describe("the window without the outages"),
  requests: z.array(
    z.strictObject({
      channel: channelName,
      requests: count,
      tellings: count,
      unreadable: count.describe("requests with an item that could not be read"),
      first: instant.nullable(),
      last: instant.nullable(),
    }),
  ),
  documents: count,
  happenings: count,
  mapping: z.string().describe("the mapping that both sides were read with"),
  recordedWith: z.array(z.string()).describe("the mappings by which the requests were recorded"),
  configuration: z.string().describe("a digest of what the configuration says of the comparison"),
  clockOffset: milliseconds.describe("the new side's clock minus the old side's, by the median of the pairs"),
  tolerance: milliseconds,
  excluded: z.array(z.string()).describe("what was left out, and why"),
});

const TypeCount = z.strictObject({
  type,
  both: count,
  oldOnly: count,
  newOnly: count,
  byDesign: count,
  pending: count,
  outage: count,
  accepted: count,
  unexplained: count,
});
export type TypeCount = z.infer<typeof TypeCount>;

/** The columns of a table of `TypeCount`, the type first. */
export const COUNT_HEADING = [
  ...["type", "both", "old only", "new only"],
  ...["by design", "pending", "outage", "accepted", "unexplained"],
] as const;

/** The counts in the order of the heading, without the type. */
export function countsOf(one: TypeCount): number[] {
  const { both, oldOnly, newOnly, byDesign, pending, outage, accepted, unexplained } = one;
  return [both, oldOnly, newOnly, byDesign, pending, outage, accepted, unexplained];
}

const Check = z
  .strictObject({ name: z.string(), passed: z.boolean(), found: z.string(), wanted: z.string() })
  .describe("One condition of the gate");
export type Check = z.infer<typeof Check>;

const LagReport = z.strictObject({
  newAfterOld: quantiles.nullable().describe("how much later the new side's post came, where it came later"),
  oldAfterNew: quantiles.nullable(),
  newFirst: count,
  oldFirst: count,
  cadence: milliseconds.describe("the period of the slowest channel that posts in batches; 0: none does"),
  pendingAfter: milliseconds.describe("what a side has not told within this time counts as lost"),
});

const Noise = z.strictObject({
  repeats: z.array(z.strictObject({ channel: channelName, count })),
  self: z
    .strictObject({
      side,
      both: count,
      onlyOne: count,
      disagreements: count,
      share: z.number().describe("of what any of its channels told, what all that could tell it told"),
    })
    .nullable()
    .describe("a side with several channels against itself; null: neither side has several"),
});

const Unknowns = z.strictObject({
  words: z.array(
    z.strictObject({
      channel: channelName,
      object: z.string().nullable(),
      value: z.string(),
      count,
    }),
  ),
  typesOnOneSide: z.array(z.strictObject({ side, type, count })),
  fieldsOnOneSide: z.array(z.strictObject({ side, field: z.string() })),
  notShown: z
    .array(z.strictObject({ side, type }))
    .describe("types that both sides can tell by the mapping, and that nothing in the window showed"),
});

const Integrity = z.strictObject({
  compared: count.describe("pairs of tellings that state a field in common"),
  unsafe: count,
  harmless: count,
  ignored: z.array(z.strictObject({ field: z.string(), reason: z.string(), matched: count })),
});

const Control = z
  .strictObject({ injected: count, found: count })
  .describe("losses injected in memory, and how many of them the same comparison found");

export const Signature = z.strictObject({
  id: z.string(),
  timestamp: z.int(),
  signature: z.string().describe("`v1,…` (HMAC-SHA256) or `v1a,…` (ed25519), as Standard Webhooks has it"),
  publicKey: z.string().nullable().describe("`whpk_…` of an ed25519 key; null: a shared secret signed"),
});
export type Signature = z.infer<typeof Signature>;

export const ParityReport = z
  .strictObject({
    format: z.literal("countersign-parity/1"),
    id: z.string(),
    createdAt: instant,
    validUntil: instant.describe("after this, or after a change of mapping or configuration, make a new one"),
    version: z.string().describe("of Countersign"),
    full: z.boolean().describe("true: with personal data; making it is an audited action"),
    verdict: z.strictObject({
      result: z.enum(["passed", "failed", "not_evaluated"]),
      sentence: z.string(),
      obstacles: z.array(z.strictObject({ code: z.enum(OBSTACLES), sentence: z.string() })),
      coverage: z.strictObject({
        passed: z.boolean(),
        share: z.number().describe("of what can be compared: told by both, or explained; from 0 to 1"),
        unexplained: count,
        terminal: count.describe("unexplained losses with which a document or signer ends"),
      }),
      integrity: z.strictObject({ passed: z.boolean(), unsafe: count, harmless: count }),
      checks: z.array(Check),
    }),
    scope: Scope,
    coverage: z.strictObject({ types: z.array(TypeCount), documentsWithLosses: count }),
    outages: z.array(Outage),
    integrity: Integrity,
    lag: LagReport,
    noise: Noise,
    unknowns: Unknowns,
    losses: z.array(Loss),
    disagreements: z.array(Disagreement),
    unlisted: z
      .strictObject({ losses: count, disagreements: count })
      .describe("how many more there are than the lists show"),
    control: Control,
    exceptions: z.array(
      z.strictObject({
        id: z.string(),
        subject: z.string(),
        reason: z.string(),
        by: z.string(),
        at: instant,
        used: count,
      }),
    ),
    signature: Signature.nullable(),
  })
  .describe(
    "Whether a new channel tells all that an old one tells, as `countersign parity --json` prints it",
  );
export type ParityReport = z.infer<typeof ParityReport>;
