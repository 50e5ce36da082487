import { createServer } from "node:http";
import Koa from "koa";
import { answer } from "../processes.ts";
import { portOf } from "./port.ts";
import { usage } from "./usage.ts";

/** The baseline of the way in: reads the body and answers 200. */
function createBare(): Koa {
  const app = new Koa();
  app.use(async (context) => {
    const chunks: Buffer[] = [];
    for await (const chunk of context.req) chunks.push(chunk);
    context.body = { size: Buffer.concat(chunks).length };
  });
  return app;
}

const calls = {
  async start(_: null): Promise<string> {
    return `http://127.0.0.1:${await portOf(createServer(createBare().callback()))}`;
  },
  usage: (_: null) => usage(),
};
export type BareCalls = typeof calls;
answer(calls);
