import type { KindDefinition } from "./kinds.ts";

/** Concerns about what providers post. */
export const CHANNEL_KINDS = {
  silent: {
    severity: "critical",
    otherwise: { severity: "notice", when: "too little came before to know what is usual" },
    sentence: "{nothing} has come to {channel} since {newest}, for {length}: {measure}.",
    advice:
      "See in the provider's log of webhooks whether it posts, to which address, and what answer it gets; then look at the proxy in front. Remove a channel that is not used any more.",
    command: "countersign receipts --source {source} --channel {name}",
    ends: "a genuine request, or a reload without the channel",
    named:
      "after a silence that is unusual for the channel, [within hours to weeks](#when-a-channel-is-silent); with `expectEvery` after that time",
  },
  refused: {
    severity: "critical",
    sentence:
      "All requests to {channel} are refused since {since}: {requests}, the last at {last} ({check}), and none that is genuine.",
    advice:
      "Compare secret, token and certificate with those at the provider, and see that no proxy changes the body. Correct them and run `countersign reload`; then the command without `--dry-run` takes in the requests that are kept.",
    command: "countersign reprocess --rejected --source {source} --dry-run",
    ends: "a genuine request",
    named:
      "after 3 refused requests in a row: once none that is genuine came among them for an hour in which something always comes; otherwise once they came in 4 different hours of a day, or 6 in all. Where nothing genuine ever came: once they go on for 10 minutes",
  },
  unused: {
    severity: "notice",
    sentence: "Nothing genuine has come to {channel} yet, in {length}.",
    advice:
      "Enter the address of the channel at the provider, as `countersign providers` shows it, or remove the channel.",
    command: "countersign check",
    ends: "a genuine request, or a reload without the channel",
    named: "after a day",
  },
  batch_overdue: {
    severity: "critical",
    sentence:
      "The batch to {channel} is overdue: its last came at {newest}, it should come every {every} while there is something to tell, and since then other channels of {source} told {requests}.",
    advice:
      "See in the provider's dashboard whether the webhook is still there and what answer it gets. What it could not post is listed there, and can be posted again by hand.",
    command: "countersign receipts --source {source} --channel {name}",
    ends: "a genuine request to the channel, or a reload without it",
    named: "within 3 hours, once another channel of the source told 3 requests in later hours than its last",
  },
  standby_alone: {
    severity: "critical",
    otherwise: { severity: "notice", when: "no channel that stays has a word for what it told" },
    sentence:
      "{channel} is on standby, and since {since} it told {events} that no channel that stays has told: {types}{why}.",
    advice:
      "Do not remove it yet. See at the provider whether the new channel is set up for these, and in its log what became of its posts.",
    command: "countersign events --source {source} --channel {name}",
    ends: "the same told by a channel that stays, or the time of `standby` after it was told",
    named: "an hour after it was told: until then the other channels may be late",
  },
  standby_over: {
    severity: "notice",
    sentence: "{channel} is on standby, and nothing has come over it for {length}.",
    advice: "Remove the channel from the configuration and run `countersign reload`.",
    command: "countersign check",
    ends: "a reload without the channel, or a genuine request",
    named: "after the time of `standby` without a genuine request",
  },
  rotation_unfinished: {
    severity: "notice",
    sentence:
      "The secret of {channel} is half changed: since {since} its requests match only the older of the secrets, the last at {last}.",
    advice:
      "Enter the newer secret at the provider. If it is not to be changed after all, remove the newer one from `secrets` and run `countersign reload`.",
    command: "countersign check",
    ends: "a request that matches the newer secret, or a reload with one secret",
    named: "a day after the first request that matches the older secret alone",
  },
  unreadable: {
    severity: "warning",
    sentence: "Not all of {requests} to {channel} could be read, the last of {last}.",
    advice:
      "Nothing of them is lost. Correct the mapping, run `countersign reload`, then `countersign reprocess`.",
    command: "countersign receipts --source {source} --channel {name} --problems",
    ends: "a reprocess that reads them, or the end of their retention",
    named: "at once",
  },
  unknown_word: {
    severity: "notice",
    sentence: "The mapping of {source} does not have {words} that came since {since}: {examples}.",
    advice:
      "Their events were forwarded as `unknown`. Add the words to a table of the mapping, as an event or as `ignore`, and run `countersign reload`.",
    command: "countersign events --source {source} --type unknown",
    ends: "a mapping that has the words, or 30 days in which none of them comes",
    named: "at once",
  },
  outage: {
    severity: "notice",
    otherwise: { severity: "critical", when: "the provider has given up posts" },
    sentence: "The bridge did not run for {length}, until {until}. {budget}",
    advice: "{advice}",
    command: "countersign receipts --source {source}",
    ends: "{ends}",
    named: "at the start after a stop of more than a minute",
  },
} as const satisfies Record<string, KindDefinition>;
