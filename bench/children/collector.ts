import { createServer } from "node:http";
import { answer } from "../processes.ts";
import { portOf } from "./port.ts";

/** A collector of traces that takes everything and reads nothing. */
const server = createServer((request, response) => {
  request.resume().on("end", () => response.end());
});

const calls = {
  async start(_: null): Promise<string> {
    return `http://127.0.0.1:${await portOf(server)}`;
  },
};
export type CollectorCalls = typeof calls;
answer(calls);
