import { expect } from "chai";
import fc from "fast-check";
import type { Permit } from "../../src/outbound/gate.ts";
import {
  advance,
  freeSlots,
  healthOf,
  initialState,
  type StoreCall,
  type WorkerAction,
  type WorkerEvent,
  type WorkerState,
} from "../../src/outbound/worker-state.ts";
import type { Lease } from "../../src/store/port/queue.ts";
import { NEW_YEAR as NOW } from "../support/builders.ts";
import { aLease } from "./fixtures.ts";

const OPEN: Permit = { count: Number.POSITIVE_INFINITY, retryAt: null, probe: false };
const CLOSED: Permit = { count: 0, retryAt: null, probe: false };
const LATER: Permit = { count: 0, retryAt: NOW + 500, probe: false };
const PROBE: Permit = { count: 1, retryAt: null, probe: true };

const DISARM: WorkerAction = { do: "disarmTimer" };
const POLL: WorkerAction = { do: "schedulePoll" };
const arm = (at: number): WorkerAction => ({ do: "armTimer", at });

const aState = (given: Partial<WorkerState> = {}): WorkerState => ({
  ...initialState({ concurrency: 4, seenAt: NOW, now: NOW }),
  ...given,
});
const leases = (count: number): readonly Lease[] =>
  Array.from({ length: count }, (_, i) => aLease(String(i)));
const claimed = (leased: number, given: Partial<Extract<WorkerEvent, { type: "claimed" }>> = {}) =>
  ({ type: "claimed", limit: 4, probe: false, leased, fresh: leases(leased), ...given }) as const;

interface Case {
  title: string;
  state: Partial<WorkerState>;
  event: WorkerEvent;
  /** Default: any number of attempts. */
  permit?: Permit;
  now?: number;
  /** What changes; the rest stays. */
  becomes?: Partial<WorkerState>;
  /** Default: none. */
  actions?: readonly WorkerAction[];
  /** Default: none. */
  call?: StoreCall;
}

const WAKING: readonly Case[] = [
  {
    title: "schedules a poll when it is woken",
    state: {},
    event: { type: "woken" },
    becomes: { phase: "scheduled", wanted: true },
    actions: [POLL],
  },
  {
    title: "schedules one poll for any number of wake-ups",
    state: { phase: "scheduled", wanted: true },
    event: { type: "woken" },
  },
  {
    title: "remembers a wake-up during a poll",
    state: { phase: "claiming" },
    event: { type: "woken" },
    becomes: { wanted: true },
  },
  {
    title: "remembers a wake-up while no slot is free",
    state: { inFlight: 4 },
    event: { type: "woken" },
    becomes: { wanted: true },
  },
  {
    title: "does not poll at a wake-up while it backs off",
    state: { phase: "backing_off", failures: 1 },
    event: { type: "woken" },
    becomes: { wanted: true },
  },
  {
    title: "waits for a wake-up, with the timer off, when nothing is permitted until then",
    state: {},
    event: { type: "woken" },
    permit: CLOSED,
    becomes: { wanted: true },
    actions: [DISARM],
  },
  {
    title: "arms the timer for the time at which the next attempt is permitted",
    state: {},
    event: { type: "woken" },
    permit: LATER,
    becomes: { wanted: true },
    actions: [arm(NOW + 500)],
  },
  {
    title: "polls when the timer fires",
    state: {},
    event: { type: "timerFired" },
    becomes: { phase: "scheduled", wanted: true },
    actions: [POLL],
  },
  {
    title: "ends its back-off when the timer fires",
    state: { phase: "backing_off", failures: 2 },
    event: { type: "timerFired" },
    becomes: { phase: "scheduled", wanted: true },
    actions: [POLL],
  },
  {
    title: "does not poll because more is permitted while no work is known",
    state: {},
    event: { type: "permitChanged" },
  },
  {
    title: "polls for the work that waited when more is permitted",
    state: { wanted: true },
    event: { type: "permitChanged" },
    becomes: { phase: "scheduled" },
    actions: [POLL],
  },
];

const POLLING: readonly Case[] = [
  {
    title: "turns the timer off and claims as many as slots are free",
    state: { phase: "scheduled", wanted: true, inFlight: 1 },
    event: { type: "pollStarted" },
    now: NOW + 9,
    becomes: { phase: "claiming", wanted: false, lastTickAt: NOW + 9 },
    actions: [DISARM],
    call: { ask: "claim", now: NOW + 9, limit: 3, probe: false },
  },
  {
    title: "claims no more than is permitted, and one probe as a probe",
    state: { phase: "scheduled", wanted: true },
    event: { type: "pollStarted" },
    permit: PROBE,
    becomes: { phase: "claiming", wanted: false },
    actions: [DISARM],
    call: { ask: "claim", now: NOW, limit: 1, probe: true },
  },
  {
    title: "claims nothing when the permit was withdrawn before the poll, and still wants to",
    state: { phase: "scheduled", wanted: true },
    event: { type: "pollStarted" },
    permit: CLOSED,
    becomes: { phase: "claiming", wanted: true },
    actions: [DISARM],
  },
  {
    title: "first corrects due times while the clock before the start is unknown",
    state: { phase: "scheduled", wanted: true, clock: "suspect" },
    event: { type: "pollStarted" },
    becomes: { phase: "claiming", wanted: false },
    actions: [DISARM],
    call: { ask: "bringForward", now: NOW, seen: false },
  },
  {
    title: "first corrects due times when the clock was set back by more than a minute",
    state: { phase: "scheduled", wanted: true },
    event: { type: "pollStarted" },
    now: NOW - 60_001,
    becomes: { phase: "claiming", wanted: false, clock: "set_back", lastTickAt: NOW - 60_001 },
    actions: [DISARM],
    call: { ask: "bringForward", now: NOW - 60_001, seen: true },
  },
  {
    title: "takes a smaller step back for a correction of the clock",
    state: { phase: "scheduled", wanted: true },
    event: { type: "pollStarted" },
    now: NOW - 60_000,
    becomes: { phase: "claiming", wanted: false, lastTickAt: NOW - 60_000 },
    actions: [DISARM],
    call: { ask: "claim", now: NOW - 60_000, limit: 4, probe: false },
  },
  {
    title: "claims once due times are corrected, and trusts the clock",
    state: { phase: "claiming", clock: "set_back" },
    event: { type: "broughtForward" },
    becomes: { clock: "trusted" },
    call: { ask: "claim", now: NOW, limit: 4, probe: false },
  },
  {
    title: "does not claim after a stop that came meanwhile",
    state: { phase: "stopped", clock: "suspect" },
    event: { type: "broughtForward" },
    becomes: { clock: "trusted" },
  },
  {
    title: "starts what it claimed, and wants more when it got all that it asked for",
    state: { phase: "claiming" },
    event: claimed(4),
    becomes: { inFlight: 4, wanted: true },
    actions: [{ do: "start", leases: leases(4), probe: false }],
  },
  {
    title: "asks for the next due time when it got less",
    state: { phase: "claiming" },
    event: claimed(3),
    becomes: { inFlight: 3 },
    actions: [{ do: "start", leases: leases(3), probe: false }],
    call: { ask: "nextDueAt", earliest: NOW },
  },
  {
    title: "waits a second for the next poll at least when it got nothing",
    state: { phase: "claiming" },
    event: claimed(0),
    actions: [{ do: "start", leases: [], probe: false }],
    call: { ask: "nextDueAt", earliest: NOW + 1_000 },
  },
  {
    title: "counts renewed leases as leased, and starts the others only",
    state: { phase: "claiming", inFlight: 1 },
    event: claimed(4, { fresh: leases(3) }),
    becomes: { inFlight: 4, wanted: true },
    actions: [{ do: "start", leases: leases(3), probe: false }],
  },
  {
    title: "starts a probe as such",
    state: { phase: "claiming" },
    event: claimed(1, { limit: 1, probe: true }),
    becomes: { inFlight: 1, wanted: true },
    actions: [{ do: "start", leases: leases(1), probe: true }],
  },
  {
    title: "starts nothing that comes after a stop",
    state: { phase: "stopped" },
    event: claimed(2),
    actions: [{ do: "putBack", leases: leases(2) }],
  },
  {
    title: "arms the timer for the next due time",
    state: { phase: "claiming" },
    event: { type: "nextDueKnown", dueAt: NOW + 5_000, earliest: NOW + 1_000 },
    actions: [arm(NOW + 5_000)],
  },
  {
    title: "does not poll for what is due already before the time that its claim gave",
    state: { phase: "claiming" },
    event: { type: "nextDueKnown", dueAt: NOW - 1, earliest: NOW + 1_000 },
    actions: [arm(NOW + 1_000)],
  },
  {
    title: "arms no timer when nothing is pending",
    state: { phase: "claiming" },
    event: { type: "nextDueKnown", dueAt: null, earliest: NOW },
  },
  {
    title: "arms no timer after a stop",
    state: { phase: "stopped" },
    event: { type: "nextDueKnown", dueAt: NOW + 5_000, earliest: NOW },
  },
  {
    title: "is idle after a poll, and forgets earlier failures",
    state: { phase: "claiming", failures: 3 },
    event: { type: "pollEnded" },
    now: NOW + 20,
    becomes: { phase: "idle", failures: 0, lastTickAt: NOW + 20 },
  },
  {
    title: "polls again at once for a wake-up during the poll",
    state: { phase: "claiming", wanted: true },
    event: { type: "pollEnded" },
    becomes: { phase: "scheduled" },
    actions: [POLL],
  },
  {
    title: "stays stopped when its last poll ends",
    state: { phase: "stopped", wanted: true },
    event: { type: "pollEnded" },
  },
];

const ENDING: readonly Case[] = [
  {
    title: "fills the slot of an attempt that is over while its result is being stored",
    state: { wanted: true, inFlight: 4 },
    event: { type: "attemptOver" },
    becomes: { phase: "scheduled", finishing: 1 },
    actions: [POLL],
  },
  {
    title: "holds no more than twice the concurrency while results cannot be stored",
    state: { wanted: true, inFlight: 8, finishing: 7 },
    event: { type: "attemptOver" },
    becomes: { finishing: 8 },
  },
  {
    title: "polls when an execution ends, since the next of its lane may be free",
    state: { inFlight: 2, finishing: 1 },
    event: { type: "executionEnded", wasFinishing: true },
    becomes: { phase: "scheduled", wanted: true, inFlight: 1, finishing: 0 },
    actions: [POLL],
  },
  {
    title: "frees the slot of an execution that threw during its attempt",
    state: { phase: "dead", inFlight: 2, finishing: 1 },
    event: { type: "executionEnded", wasFinishing: false },
    becomes: { wanted: true, inFlight: 1 },
  },
  {
    title: "backs off when a poll fails, longer each time",
    state: { phase: "claiming", failures: 2 },
    event: { type: "pollFailed", error: "away" },
    now: NOW + 20,
    becomes: { phase: "backing_off", failures: 3, lastTickAt: NOW + 20 },
    actions: [
      arm(NOW + 20 + 1_000),
      { do: "reportFailure", failure: { error: "away", failures: 3, retryIn: 1_000 } },
    ],
  },
  {
    title: "does not report a poll that fails after a stop",
    state: { phase: "stopped" },
    event: { type: "pollFailed", error: "away" },
  },
  {
    title: "turns the timer off when it stops",
    state: { phase: "scheduled", wanted: true },
    event: { type: "stopped" },
    becomes: { phase: "stopped" },
    actions: [DISARM],
  },
  {
    title: "reports its death, and turns the timer off",
    state: { phase: "claiming" },
    event: { type: "died", error: "a mistake" },
    becomes: { phase: "dead" },
    actions: [DISARM, { do: "reportDeath", error: "a mistake" }],
  },
  {
    title: "stays dead when it is stopped",
    state: { phase: "dead" },
    event: { type: "stopped" },
    actions: [DISARM],
  },
];

describe("a worker's decisions", () => {
  for (const [what, cases] of Object.entries({ waking: WAKING, polling: POLLING, ending: ENDING })) {
    describe(`of ${what}`, () => {
      for (const { title, state, event, permit = OPEN, now = NOW, becomes, actions, call } of cases) {
        it(title, () => {
          const before = aState(state);
          expect(advance(before, event, { now, permit })).to.deep.equal({
            state: { ...before, ...becomes },
            actions: actions ?? [],
            call: call ?? null,
          });
        });
      }
    });
  }

  it("show in its health whether it lives and claims", () => {
    const shown = (phase: WorkerState["phase"]) => healthOf("crm", aState({ phase }));
    expect(shown("idle")).to.deep.equal({
      destination: "crm",
      alive: true,
      claiming: false,
      lastTickAt: NOW,
    });
    expect(shown("claiming")).to.include({ alive: true, claiming: true });
    expect(shown("dead")).to.include({ alive: false, claiming: false });
  });

  it("begin with a suspect clock unless an earlier worker of the process saw it", () => {
    expect(initialState({ concurrency: 4, seenAt: null, now: NOW })).to.include({
      clock: "suspect",
      lastTickAt: NOW,
    });
    expect(initialState({ concurrency: 4, seenAt: NOW - 5, now: NOW })).to.include({
      clock: "trusted",
      lastTickAt: NOW - 5,
    });
  });
});

/**
 * A loop around the decisions, without a store: random choices stand for what time, store and receivers do.
 */
function createModel(concurrency: number) {
  let state = initialState({ concurrency, seenAt: null, now: NOW });
  let now = NOW;
  let permit = OPEN;
  let call: StoreCall | null = null;
  let polling = false;
  let timer: number | null = null;
  const claims: { state: WorkerState; limit: number; permit: Permit }[] = [];

  function apply(event: WorkerEvent): void {
    const step = advance(state, event, { now, permit });
    state = step.state;
    for (const action of step.actions) {
      if (action.do === "armTimer") timer = action.at;
      if (action.do === "disarmTimer") timer = null;
    }
    if (step.call?.ask === "claim") claims.push({ state, limit: step.call.limit, permit });
    if (polling) call = step.call;
  }

  function endPoll(event: WorkerEvent): void {
    polling = false;
    call = null;
    apply(event);
  }

  /** The answer of the store, or its failure where `choice` is 0. */
  function answer(choice: number): void {
    if (call === null) endPoll({ type: "pollEnded" });
    else if (choice === 0) endPoll({ type: "pollFailed", error: "away" });
    else if (call.ask === "bringForward") apply({ type: "broughtForward" });
    else if (call.ask === "nextDueAt") {
      const dueAt = choice === 1 ? null : now + 1_000 * (choice - 3);
      apply({ type: "nextDueKnown", dueAt, earliest: call.earliest });
    } else {
      const { limit, probe } = call;
      const leased = Math.min(choice - 1, limit);
      apply({ type: "claimed", limit, probe, leased, fresh: leases(leased) });
    }
  }

  /** Everything that may happen next. */
  function possible(choice: number): (() => void)[] {
    const running = state.inFlight - state.finishing;
    return [
      () => apply({ type: "woken" }),
      () => {
        permit = [OPEN, CLOSED, { ...LATER, retryAt: now + 500 }, PROBE][choice % 4] ?? OPEN;
        apply({ type: "permitChanged" });
      },
      ...(timer !== null ? [() => fireTimer()] : []),
      ...(running > 0 ? [() => apply({ type: "attemptOver" })] : []),
      ...(state.finishing > 0 ? [() => apply({ type: "executionEnded", wasFinishing: true })] : []),
      ...(polling ? [() => answer(choice % 8)] : []),
      ...(state.phase === "scheduled" ? [startPoll] : []),
      ...(choice === 63 && state.phase !== "stopped" ? [() => apply({ type: "stopped" })] : []),
    ];
  }

  function fireTimer(): void {
    now = Math.max(now, timer ?? now);
    timer = null;
    apply({ type: "timerFired" });
  }

  function startPoll(): void {
    polling = true;
    apply({ type: "pollStarted" });
  }

  return {
    step(which: number, choice: number) {
      const moves = possible(choice);
      moves[which % moves.length]?.();
    },
    claims,
    look: () => ({ state, permit, timer, polling }),
  };
}

describe("a worker's decisions, whatever happens in whichever order,", () => {
  const steps = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 63 })), { minLength: 40, maxLength: 120 });
  const run = (check: (model: ReturnType<typeof createModel>) => void) =>
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), steps, (concurrency, moves) => {
        const model = createModel(concurrency);
        for (const [which, choice] of moves) {
          model.step(which, choice);
          check(model);
        }
      }),
      { seed: 1, numRuns: 300 },
    );

  it("never claim while paused or stopped, nor more than is permitted", () => {
    let seen = 0;
    run(({ claims }) => {
      for (const { state, limit, permit } of claims.splice(0)) {
        seen += 1;
        expect(state.phase).to.equal("claiming");
        expect(limit).to.be.within(1, permit.count);
      }
    });
    expect(seen).to.be.above(500);
  });

  it("never have more attempts running than the concurrency, nor more than twice that in flight", () => {
    let most = 0;
    run((model) => {
      const { state } = model.look();
      const { concurrency, inFlight, finishing } = state;
      expect(inFlight - finishing).to.be.within(0, concurrency);
      expect(inFlight).to.be.at.most(2 * concurrency);
      expect(freeSlots(state)).to.be.at.least(0);
      most = Math.max(most, inFlight / concurrency);
    });
    expect(most).to.be.above(1);
  });

  it("poll, or arm the timer, while work is wanted, a slot is free and the permit says when", () => {
    let armed = 0;
    run((model) => {
      const { state, permit, timer, polling } = model.look();
      if (state.phase === "stopped" || !state.wanted || freeSlots(state) === 0) return;
      if (permit.count === 0 && permit.retryAt === null) return;
      expect(polling || state.phase === "scheduled" || timer !== null, JSON.stringify(state)).to.equal(true);
      armed += 1;
    });
    expect(armed).to.be.above(500);
  });
});
