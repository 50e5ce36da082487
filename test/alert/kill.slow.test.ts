import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { createChance } from "../../src/simulate/chance.ts";
import { STORES } from "../cli/stores.ts";
import {
  aFolder,
  atTidy,
  configText,
  FORM,
  listenUntilTidy,
  SECRET,
  startReceiver,
  TOKEN,
  tidy,
} from "../support/bridge.ts";
import { until } from "../support/until.ts";

const CHILD = fileURLToPath(new URL("looking-child.ts", import.meta.url));
const ROUNDS = 2;

interface Running {
  child: ChildProcess;
  url: string;
  adminUrl: string;
}

async function start(config: string): Promise<Running> {
  const child = spawn(process.execPath, [CHILD, config], { stdio: ["ignore", "pipe", "inherit"] });
  atTidy(() => child.kill("SIGKILL"));
  const [line] = await once(createInterface({ input: child.stdout }), "line");
  return { child, ...JSON.parse(line) };
}

const sent = (document: string) =>
  `data=${encodeURIComponent(
    JSON.stringify([
      {
        value: "10",
        timestamp: "2022-07-11T07:28:25+00:00",
        resource_uri: `/api/v1/document/${document}/`,
        name: "status",
      },
    ]),
  )}`;

describe("alerts of a bridge that is killed again and again", () => {
  afterEach(tidy);

  // Of nodes that share a store another one looks only once the lease of a killed one has ended.
  for (const kind of ["sqlite", "lowdb"] as const)
    it(`tell each begin and each end once, each under an id of its own (${kind})`, async function () {
      this.timeout(240_000);
      const receiver = await startReceiver();
      const refusing = createServer((request, response) =>
        request.resume().on("end", () => response.writeHead(422).end()),
      );
      const crm = `crm: { url: "${await listenUntilTidy(refusing)}/hook", secrets: ["${SECRET}"], parkOn: [422] }`;
      const text = `${configText(`destinations: { ${crm} }`)}alerts: { ops: { url: "${receiver.url}", secrets: ["${SECRET}"] } }\n`;
      const file = join(aFolder(), "countersign.yaml");
      writeFileSync(file, text.replace("sqlite:./countersign.db", await STORES[kind]()));
      const chance = createChance(`kills of ${kind}`);
      let running = await start(file);

      /** Distinct events of that type, about parked deliveries. */
      const told = (type: string) =>
        new Set(
          receiver.deliveries.flatMap(({ json, headers }) =>
            json.type === type && json.data.concerns[0].kind === "parked" ? [headers["webhook-id"]] : [],
          ),
        ).size;
      /** Kills the process twice, each time a moment after its start, and waits until it was told. */
      const untilTold = async (type: string, count: number) => {
        for (let kills = 0; kills < 2; kills += 1) {
          await setTimeout(chance.int(0, 300));
          running.child.kill("SIGKILL");
          await once(running.child, "exit");
          running = await start(file);
        }
        await until(async () => told(type) >= count, `${type} ${count} was told`, 60_000);
      };
      const acknowledge = () =>
        fetch(`${running.adminUrl}/api/v1/deliveries/acknowledge`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ destination: "crm", reason: "a test" }),
        });

      for (let round = 1; round <= ROUNDS; round += 1) {
        const body = sent(`d${round}`);
        await fetch(`${running.url}/in/legalesign/batch?token=${TOKEN}`, {
          method: "POST",
          body,
          headers: FORM,
        });
        await untilTold("bridge.concern.opened", round);
        await acknowledge();
        await untilTold("bridge.concern.closed", round);
      }
      expect([told("bridge.concern.opened"), told("bridge.concern.closed")]).to.deep.equal([ROUNDS, ROUNDS]);
    });
});
