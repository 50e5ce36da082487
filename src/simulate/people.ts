import type { Chance } from "./chance.ts";
import type { Person } from "./timeline.ts";

const FIRST = ["Ada", "Zoë", "Łukasz", "Grace", "Søren", "María", "Alan", "Chloé", "Bjørk", "Noor"] as const;
const LAST = ["Lovelace", "Byron", "Wiśniewski", "Hopper", "O’Neill", "Nuñez", "Turing", "Müller"] as const;
const THING = ["Lease", "Consultancy agreement", "Deed of gift", "Offer & acceptance", "Policy"] as const;
const OF = ["the boathouse", "12 Rue de l’Église", "Acme + Sons", "2026/27", "“North Star”"] as const;

/** People with different addresses at example.com. `idOf` gives the provider's id. */
export function drawPeople(
  count: number,
  chance: Chance,
  idOf: (person: Omit<Person, "id">) => string,
): Person[] {
  return Array.from({ length: count }, (_, index) => {
    const first = chance.pick(FIRST);
    const last = chance.pick(LAST);
    const person = { first, last, email: `${plain(first)}.${plain(last)}.${index + 1}@example.com` };
    return { id: idOf(person), ...person };
  });
}

export function drawTitle(chance: Chance): string {
  return `${chance.pick(THING)}, ${chance.pick(OF)}`;
}

function plain(name: string): string {
  return name
    .normalize("NFD")
    .toLowerCase()
    .replaceAll(/[^a-z]/g, "");
}
