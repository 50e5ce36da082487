import type { DestinationState } from "../store/port/control.ts";
import type { Store } from "../store/store.ts";

/** A destination as operators see it. */
export interface DestinationView extends DestinationState {
  /** False: nothing is sent to it, and it is neither paused nor failing. */
  configured: boolean;
  /** The number of its open deliveries. */
  open: number;
  /** When the oldest of them was recorded, milliseconds since 1970; null: there is none. */
  oldest: number | null;
}

interface Parts {
  store: Pick<Store, "backlog">;
  /** The state of each configured destination. */
  states(): readonly DestinationState[];
}

/** The state and backlog of each destination that is configured or has open deliveries. */
export async function findDestinations({ store, states }: Parts): Promise<DestinationView[]> {
  const backlog = await store.backlog();
  const configured = states().map((state) => {
    const { open = 0, oldest = null } = backlog.find(({ destination }) => destination === state.name) ?? {};
    return { ...state, configured: true, open, oldest };
  });
  const known = new Set(configured.map(({ name }) => name));
  const gone = backlog
    .filter(({ destination }) => !known.has(destination))
    .map(({ destination: name, open, oldest }) => ({ ...NOT_CONFIGURED, name, open, oldest }));
  return [...configured, ...gone];
}

const NOT_CONFIGURED = { configured: false, paused: null, breaker: null };
