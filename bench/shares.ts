import { readFileSync } from "node:fs";

/** The modules' shares of busy time, from a CPU profile of a bridge: `node bench/shares.ts FILE…`. */

interface Node {
  id: number;
  callFrame: { functionName: string; url: string };
  children?: number[];
}

interface Profile {
  nodes: Node[];
  samples: number[];
  timeDeltas: number[];
}

/** Not counted as busy: neither is work of a bridge under load. */
const IDLE = "idle";
const LOADING = "loading of the program";

const HTTP = "got and node:http";
const REST = "the rest";

/** Work of the engine, by the function's name. */
const ENGINE: ReadonlyMap<string, string> = new Map([
  ["(idle)", IDLE],
  ["(garbage collector)", "garbage collection"],
  ["(program)", "Node's own native code"],
]);

/** By file, the first that matches. Other files, such as Node's timers and hashes, count as their caller. */
const GROUPS: readonly (readonly [string, RegExp])[] = [
  [
    "logging and metrics",
    /src\/(log\/|observe\/|(web\/metrics|store\/timed)\.)|\/(pino|sonic-boom|prom-client)\//,
  ],
  ["signing", /src\/outbound\/(sign|private-key)\./],
  ["encoding and JSON", /src\/(outbound\/(encode|format)|store\/rows)/],
  ["the store", /src\/store\/|node:sqlite/],
  [HTTP, /src\/outbound\/(post|guard)\.|node:(_?http|net$|_?stream|internal\/(streams?|http|net|url|dns))/],
  [
    HTTP,
    /\/(got|cacheable-request|responselike|lowercase-keys|@sindresorhus\/is|uint8array-extras|chunk-data)\//,
  ],
  ["dispatcher and worker", /src\/(outbound|domain)\/|node_modules\/p-retry/],
  [LOADING, /node:internal\/(modules|bootstrap|deps|process\/pre)|\/amaro\//],
];

/** Microseconds by group, including those not counted. */
function timesOf({ nodes, samples, timeDeltas }: Profile): Map<string, number> {
  const groupOf = classify(nodes);
  const times = new Map<string, number>();
  for (const [index, sample] of samples.entries()) {
    const group = groupOf.get(sample) ?? REST;
    times.set(group, (times.get(group) ?? 0) + (timeDeltas[index] ?? 0));
  }
  return times;
}

/** Each node's group: its own, or that of its nearest caller with one. Callers precede their callees. */
function classify(nodes: readonly Node[]): Map<number, string> {
  const callers = new Map(
    nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)),
  );
  const groups = new Map<number, string>();
  for (const { id, callFrame } of nodes) {
    const group = ownGroup(callFrame) ?? groups.get(callers.get(id) ?? Number.NaN);
    if (group) groups.set(id, group);
  }
  return groups;
}

function ownGroup({ functionName, url }: Node["callFrame"]): string | undefined {
  return ENGINE.get(functionName) ?? GROUPS.find(([, pattern]) => pattern.test(url))?.[0];
}

/** For people: each group's share of the busy time. */
export function describeShares(file: string): string {
  const profile: Profile = JSON.parse(readFileSync(file, "utf8"));
  const times = timesOf(profile);
  const seconds = (time: number) => `${(time / 1e6).toFixed(1)} s`;
  const timeOf = (group: string) => times.get(group) ?? 0;
  const [idle, loading] = [timeOf(IDLE), timeOf(LOADING)];
  for (const group of [IDLE, LOADING]) times.delete(group);
  const busy = [...times.values()].reduce((sum, time) => sum + time, 0);
  const lines = [...times]
    .toSorted(([, a], [, b]) => b - a)
    .map(([group, time]) => `${((time * 100) / busy).toFixed(1).padStart(6)} %  ${group}`);
  const head = `${file}: busy ${seconds(busy)}, idle ${seconds(idle)}, ${LOADING} ${seconds(loading)}`;
  return [head, ...lines, ""].join("\n");
}

if (import.meta.main) {
  for (const file of process.argv.slice(2)) process.stdout.write(describeShares(file));
}
