import type { Severity } from "../domain/event.ts";
import { BRIDGE_KINDS } from "./bridge-kinds.ts";
import { CHANNEL_KINDS } from "./channel-kinds.ts";
import { DELIVERY_KINDS } from "./delivery-kinds.ts";
import { DOCUMENT_KINDS } from "./document-kinds.ts";
import { PARITY_KINDS } from "./parity-kinds.ts";

/** What is said about one kind of concern. `{name}` stands for a fact that its rule fills in. */
export interface KindDefinition {
  severity: Severity;
  /** The severity in one special case. Absent: there is none. */
  otherwise?: { severity: Severity; when: string };
  sentence: string;
  advice: string;
  command: string | null;
  ends: string;
  /** The promise: how soon after the trouble began it is named. The tests keep it. */
  named: string;
}

/** Every kind of concern. */
export const KINDS = {
  ...CHANNEL_KINDS,
  ...DOCUMENT_KINDS,
  ...DELIVERY_KINDS,
  ...BRIDGE_KINDS,
  ...PARITY_KINDS,
};
export type Kind = keyof typeof KINDS;
