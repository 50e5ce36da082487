import type { Bench } from "./bench.ts";
import { type Body, bodies } from "./bodies.ts";
import type { BridgeCalls } from "./children/bridge.ts";
import type { ReceiverCalls } from "./children/receiver.ts";
import type { Longest } from "./children/watch.ts";
import { type Connection, openConnection } from "./client.ts";
import type { Child } from "./processes.ts";
import { atMost, type Figure } from "./report.ts";
import { median } from "./statistics.ts";

const ROUNDS = 5;
const TARGET_MS = 100;

/** The longest turn of the event loop while a body of the greatest length is received. */
export async function measureHang(bench: Bench): Promise<Figure[]> {
  const bridge = bench.start<BridgeCalls>("bridge");
  const receiver = bench.start<ReceiverCalls>("receiver");
  const destination = `${await receiver.ask("start", null)}/hang`;
  const folder = await bench.newFolder();
  const url = await bridge.ask("start", {
    folder,
    destinations: [destination],
    ordering: "document",
    concurrency: 1,
  });
  const connection = await openConnection(url);

  const [, ...rounds] = await bench.rounds(ROUNDS + 1, async (number) => {
    const round = new Map<string, Longest>();
    for (const body of bodies(number)) round.set(body.name, await longestDuring(bridge, connection, body));
    return round;
  });
  connection.close();
  return toFigures(rounds);
}

async function longestDuring(
  bridge: Child<BridgeCalls>,
  connection: Connection,
  { name, request }: Body,
): Promise<Longest> {
  await bridge.ask("watch", null);
  const status = await connection.post(request);
  if (status !== 200) throw new Error(`${name}: answered ${status} instead of 200`);
  return bridge.ask("longest", null);
}

function toFigures(rounds: readonly ReadonlyMap<string, Longest>[]): Figure[] {
  const stage = `Hang: the longest wait of all other requests, ${rounds.length} rounds`;
  const [first = new Map<string, Longest>()] = rounds;
  return [...first.keys()].map((name): Figure => {
    const all = rounds.flatMap((round) => round.get(name) ?? []);
    const busy = median(all.map((longest) => longest.busy));
    return {
      stage,
      name,
      value: median(all.map(({ elapsed }) => elapsed)),
      unit: `ms (processor ${busy.toFixed(0)} ms)`,
      target: atMost(TARGET_MS),
    };
  });
}
