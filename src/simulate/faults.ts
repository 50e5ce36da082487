import type { Chance } from "./chance.ts";
import { FAULTS, type Fault, type Letter } from "./letter.ts";

/** Of how many letters a fault befalls one: of each at least one letter, as long as there are letters without another. */
const SHARE: Readonly<Record<Fault, number>> = {
  repeat: 0.1,
  reorder: 0.05,
  late: 0.03,
  forge: 0.05,
  drop: 0.03,
  truncate: 0.03,
  burst: 0.2,
};

const HOUR_MS = 3_600_000;

type Spoil = (letters: readonly Letter[], chance: Chance) => Letter[];

/** The letters as they are sent when these things go wrong. No letter has two faults. */
export function spoil(letters: readonly Letter[], faults: readonly Fault[], chance: Chance): Letter[] {
  const chosen = FAULTS.filter((fault) => faults.includes(fault));
  return chosen.reduce((sent, fault) => SPOIL[fault](sent, chance), [...letters]);
}

const SPOIL: Readonly<Record<Fault, Spoil>> = {
  repeat: each("repeat", (letter, chance) => {
    const wait = chance.happens(0.5) ? chance.int(0, 60_000) : chance.int(HOUR_MS, 30 * HOUR_MS);
    const again = { ...letter, id: `${letter.id}-repeat`, at: letter.at + wait };
    return [letter, mark(again, "repeat")];
  }),
  reorder,
  late: each("late", (letter, chance) => [
    mark({ ...letter, at: letter.at + chance.int(6 * HOUR_MS, 30 * HOUR_MS) }, "late"),
  ]),
  forge: each("forge", (letter, chance) => [letter, forgeryOf(letter, chance)]),
  drop: each("drop", (letter) => [mark(letter, "drop")]),
  truncate: each("truncate", (letter, chance) => {
    const rest = letter.body.slice(0, chance.int(Math.ceil(letter.fragile / 2), letter.fragile));
    return [mark({ ...letter, body: rest }, "truncate")];
  }),
  burst,
};

/** Befalls some of the letters that nothing befell yet. */
function each(fault: Fault, befall: (letter: Letter, chance: Chance) => readonly Letter[]): Spoil {
  return (letters, chance) => {
    const chosen = choose(letters, fault, chance);
    return letters.flatMap((letter) => (chosen.has(letter) ? befall(letter, chance) : [letter]));
  };
}

function choose(letters: readonly Letter[], fault: Fault, chance: Chance): Set<Letter> {
  const whole = letters.filter(({ faults }) => faults.length === 0);
  return new Set(chance.some(whole, Math.max(1, Math.round(whole.length * SHARE[fault]))));
}

function mark(letter: Letter, fault: Fault): Letter {
  return { ...letter, faults: [...letter.faults, fault] };
}

/** Says the same of documents and signers that never were, so that nobody can take it for the truth if it is let in. */
function forgeryOf(letter: Letter, chance: Chance): Letter {
  const ids = letter.tells.flatMap(({ document, signer }) => [document, signer ?? document]);
  const body = [...new Set(ids)].reduce((text, id) => text.replaceAll(id, invented(id, chance)), letter.body);
  const at = letter.at + chance.int(0, 60_000);
  return mark({ ...letter, id: `${letter.id}-forged`, at, body, tells: [] }, "forge");
}

function invented(id: string, chance: Chance): string {
  return id.includes("-") ? chance.uuid() : chance.hex(id.length);
}

/** A letter is overtaken by the next of its lane. Every second one at most, so that two do not change back again. */
function reorder(letters: readonly Letter[], chance: Chance): Letter[] {
  const next = new Map<Letter, Letter>();
  for (const lane of Map.groupBy(letters, (letter) => letter.lane).values()) {
    const inOrder = lane.filter(({ faults }) => faults.length === 0).toSorted((a, b) => a.at - b.at);
    for (let i = 0; i + 1 < inOrder.length; i += 2) {
      const [letter, follower] = inOrder.slice(i, i + 2);
      if (letter && follower) next.set(letter, follower);
    }
  }
  const chosen = choose([...next.keys()], "reorder", chance);
  return letters.map((letter) => {
    const follower = chosen.has(letter) && next.get(letter);
    return follower ? mark({ ...letter, at: follower.at + 1 }, "reorder") : letter;
  });
}

/** What would have been sent over a while comes at its end, all at once. */
function burst(letters: readonly Letter[], chance: Chance): Letter[] {
  const whole = letters.filter(({ faults }) => faults.length === 0).toSorted((a, b) => a.at - b.at);
  const count = Math.max(2, Math.round(whole.length * SHARE.burst));
  const first = chance.int(0, Math.max(0, whole.length - count));
  const together = new Set(whole.slice(first, first + count));
  const at = Math.max(...[...together].map((letter) => letter.at));
  return letters.map((letter) => (together.has(letter) ? mark({ ...letter, at }, "burst") : letter));
}
