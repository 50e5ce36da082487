import { createServer } from "node:http";
import { monotonic } from "../monotonic.ts";
import { answer } from "../processes.ts";
import { portOf } from "./port.ts";

/** The receiver: records each arrival and answers 200, at `/refuse` 503. At `/hang` it never answers. */
let ids: string[] = [];
let times: number[] = [];
let enough = { count: Number.POSITIVE_INFINITY, reached() {} };

const server = createServer((request, response) => {
  request.resume();
  request.on("end", () => {
    if (request.url === "/hang") return;
    ids.push(String(request.headers["webhook-id"]));
    times.push(monotonic());
    response.writeHead(request.url === "/refuse" ? 503 : 200, { "content-length": 2 }).end("ok");
    if (times.length >= enough.count) enough.reached();
  });
});

export interface Arrivals {
  /** The events' ids, in the order of arrival. */
  ids: string[];
  /** The time of the last byte of each, as `monotonic`. */
  times: number[];
}

const calls = {
  async start(_: null): Promise<string> {
    return `http://127.0.0.1:${await portOf(server)}`;
  },
  /** The arrivals since the last call, once there are `count` or `within` milliseconds have passed. */
  async arrivals({ count, within }: { count: number; within: number }): Promise<Arrivals> {
    await new Promise<void>((resolve) => {
      enough = { count, reached: resolve };
      setTimeout(resolve, within);
      if (times.length >= count) resolve();
    });
    const arrived = { ids, times };
    ids = [];
    times = [];
    return arrived;
  },
};
export type ReceiverCalls = typeof calls;
answer(calls);
