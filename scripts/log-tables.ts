import { DELIVERY_EVENTS } from "../src/log/delivery-events.ts";
import type { LogEvent } from "../src/log/event.ts";
import { LOG_FIELDS } from "../src/log/fields.ts";
import { INGRESS_EVENTS } from "../src/log/ingress-events.ts";
import { PROCESS_EVENTS } from "../src/log/process-events.ts";
import { code, table } from "./markdown.ts";

/**
 * The tables of docs/logs.md, by name: every log line with its meaning and its fields, and the meaning of
 * each field.
 */
export function logTables(): Map<string, string> {
  return new Map([
    ["requests", eventTable(INGRESS_EVENTS)],
    ["deliveries", eventTable(DELIVERY_EVENTS)],
    ["process", eventTable(PROCESS_EVENTS)],
    ["fields", fieldTable()],
  ]);
}

function eventTable(events: Readonly<Record<string, LogEvent>>): string {
  const rows = Object.entries(events).map(([name, { level, message, meaning, action, fields }]) => [
    code(name),
    level,
    message,
    meaning,
    action,
    fields.map(code).join(", ") || "–",
  ]);
  return table(["event", "level", "message", "meaning", "what to do", "fields"], rows);
}

function fieldTable(): string {
  const rows = Object.entries(LOG_FIELDS).map(([name, { kind, meaning }]) => [code(name), kind, meaning]);
  return table(["field", "kind", "meaning"], rows);
}
