import type { LogEvent } from "./event.ts";

/** Start, stop, reload, store and retention. */
export const PROCESS_EVENTS = {
  "process.ready": {
    level: "info",
    message: "ready",
    fields: ["version", "url", "adminUrl"],
    meaning: "Both listeners accept requests.",
    action: "Nothing.",
  },
  "process.stopping": {
    level: "info",
    message: "stopping",
    fields: [],
    meaning: "No new request or delivery is begun; those in flight have the time of `shutdown`.",
    action: "Nothing.",
  },
  "process.stopped": {
    level: "info",
    message: "stopped",
    fields: [],
    meaning: "Everything in flight ended and the store is closed.",
    action: "Nothing.",
  },
  "process.stop_timed_out": {
    level: "error",
    message: "store did not answer; stop cut short, leases expire by themselves",
    fields: [],
    meaning: "The process ends without waiting for the store any longer.",
    action: "Check the store. After the next start the deliveries are attempted when their leases end.",
  },
  "concern.begun": {
    level: "warn",
    message: "something needs a person",
    fields: ["concern", "severity", "reason"],
    meaning: "A concern began: `reason` says what is wrong.",
    action: "`countersign status` says what can be done.",
  },
  "concern.worse": {
    level: "warn",
    message: "something that needs a person has become worse",
    fields: ["concern", "severity", "reason"],
    meaning: "A concern is more severe, or counts ten times as many.",
    action: "`countersign status` says what can be done.",
  },
  "concern.still_open": {
    level: "warn",
    message: "something needs a person for a day",
    fields: ["concern", "severity", "reason"],
    meaning: "A concern is open for longer than a day, and nobody has acknowledged it.",
    action: "`countersign status` says what can be done.",
  },
  "concern.over": {
    level: "info",
    message: "something needs no person any more",
    fields: ["concern", "severity", "reason"],
    meaning: "A concern is over: `reason` says what it was.",
    action: "Nothing.",
  },
  "concerns.failed": {
    level: "error",
    message: "could not look for what needs a person; trying again in a minute",
    fields: ["reason"],
    meaning: "The store was unavailable, so alerts wait.",
    action: "See why the store is unavailable.",
  },
  "config.reloaded": {
    level: "info",
    message: "configuration reloaded",
    fields: ["channels", "destinations"],
    meaning: "The configuration in the file is in force.",
    action: "Nothing.",
  },
  "config.refused": {
    level: "error",
    message: "configuration not reloaded; the previous one stays in force",
    fields: ["reason"],
    meaning: "The file has problems, changes settings that need a restart, or the store was unavailable.",
    action: "Correct what `reason` names; `countersign check` lists all problems. Then reload again.",
  },
  "deliveries.parked": {
    level: "warn",
    message: "deliveries to removed destinations parked",
    fields: ["deliveries"],
    meaning: "Deliveries were open for destinations that are no longer configured.",
    action: "If a destination was renamed by mistake, restore the name, reload, and replay.",
  },
  "leases.ended": {
    level: "info",
    message: "deliveries that a killed process had in flight are due at once",
    fields: ["deliveries"],
    meaning:
      "The process before, or another node, was killed while it sent these deliveries. They are attempted again.",
    action: "Nothing. A receiver may get them twice, with the same `webhook-id`.",
  },
  "leases.unended": {
    level: "warn",
    message: "deliveries that a killed node had in flight could not be taken over yet",
    fields: ["reason"],
    meaning:
      "The store was unavailable. It is tried again twice a second; at the latest the leases end by time.",
    action: "Restore the store, if it does not come back by itself.",
  },
  "deliveries.stranded": {
    level: "warn",
    message: "deliveries wait for a destination that is not configured on this node",
    fields: ["destination", "deliveries"],
    meaning: "The nodes of a PostgreSQL store have different configurations, or the destination was removed.",
    action:
      "Give all nodes the same configuration, then `countersign reload` parks what no node can deliver.",
  },
  "deliveries.unparked": {
    level: "error",
    message: "deliveries to removed destinations could not be parked",
    fields: ["reason"],
    meaning: "The store was unavailable. The deliveries stay open until the next reload or start.",
    action: "Restore the store, then `countersign reload`.",
  },
  "states.unread": {
    level: "warn",
    message: "stored states of the destinations could not be read after a reload",
    fields: ["reason"],
    meaning: "A pause or a circuit breaker that changed during the reload may not be in force.",
    action: "Restore the store, then `countersign reload`; compare `countersign destinations`.",
  },
  "store.unavailable": {
    level: "error",
    message: "store not ready",
    fields: ["reason"],
    meaning:
      "A readiness check found the store unavailable; `/readyz` answers 503. One line until it is back.",
    action:
      "Restore the database, or make room on its disk. Nothing is lost: providers repeat their requests.",
  },
  "store.unreachable": {
    level: "warn",
    message: "database did not answer at the start; retry scheduled",
    fields: ["reason"],
    meaning: "The database is not up yet. The start gives up after about half a minute.",
    action: "Start the database, or correct `store`.",
  },
  "store.exposed": {
    level: "warn",
    message: "other users can read the store's files",
    fields: ["reason"],
    meaning: "The files hold personal data and their mode is wider than 600.",
    action: "Run the `chmod` of `reason`.",
  },
  "store.recovered": {
    level: "warn",
    message: "store was damaged; the copy before the last write is used",
    fields: ["reason"],
    meaning: "The lowdb file could not be read. Its last write may be missing; the damaged file is kept.",
    action: "Check the disk. Use SQLite for anything but a trial.",
  },
  "store.nearly_full": {
    level: "warn",
    message: "store is nearly full",
    fields: ["reason"],
    meaning: "The lowdb file is near the size at which it takes no more requests.",
    action: "Move to SQLite with `countersign export` and `countersign import`.",
  },
  "prune.finished": {
    level: "info",
    message: "expired rows removed",
    fields: ["pruned", "durationMs"],
    meaning: "A round of retention removed rows.",
    action: "Nothing.",
  },
  "prune.failed": {
    level: "warn",
    message: "expired rows could not be removed; the next round is in an hour",
    fields: ["reason"],
    meaning: "The store was unavailable.",
    action: "Restore the store. If it repeats, watch the size of the store.",
  },
  "pruner.died": {
    level: "fatal",
    message: "pruner died; the process ends",
    fields: ["err"],
    meaning: "An unexpected error ended the retention loop. The process stops and exits with 1.",
    action: "The service manager should restart it. Report the defect with `err`.",
  },
  "admin.failed": {
    level: "error",
    message: "admin request failed",
    fields: ["err"],
    meaning:
      "A request to the admin API was answered with 5xx: the store was unavailable, or an unexpected " +
      "error occurred.",
    action: "Restore the store if it is away. Anything else is a defect: report it with `err`.",
  },
} as const satisfies Record<string, LogEvent>;
