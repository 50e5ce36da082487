import type Router from "@koa/router";
import type Koa from "koa";
import { CountersignError, HTTP_STATUS } from "../domain/errors.ts";
import { loadAssets } from "./assets.ts";
import { DOWNLOADS } from "./downloads/downloads.ts";
import { faultView } from "./faults.ts";
import { createGate } from "./gate.ts";
import { createPages } from "./pages.ts";
import type { ConsoleParts } from "./parts.ts";
import { politeStore } from "./polite-store.ts";
import { createRecentConcerns } from "./recent-concerns.ts";
import { ACTIONS, SCREENS } from "./screens.ts";
import { sendAsset } from "./send.ts";

/**
 * The console: pages for people on the admin listener. They show what the admin API shows, through the same
 * functions, and work without a script. Every page needs a session where the listener has tokens.
 */
export function createConsole(given: ConsoleParts): Koa.Middleware & ConsoleRoutes {
  const store = politeStore(given.store);
  const concerns = createRecentConcerns(given);
  const parts: ConsoleParts = { ...given, store, concerns: concerns.find };
  const assets = loadAssets();
  const gate = createGate(parts, assets);
  const pages = createPages({
    changed: concerns.changed,
    parts,
    gate,
    assets,
    screens: SCREENS,
    downloads: DOWNLOADS,
    actions: ACTIONS,
  });
  const [signing, showing] = [gate.router.routes(), pages.router.routes()];

  /** A program that asks for what is no page gets the answer of the API. */
  function isForPrograms({ path, method, headers }: Koa.Context): boolean {
    const isPage = [gate.router, pages.router].some((one) => one.match(path, method).path.length > 0);
    return !isPage && headers.accept?.includes("text/html") !== true;
  }

  async function answer(context: Koa.Context): Promise<void> {
    await signing(context as never, async () => {
      const visitor = gate.admit(context);
      if (!visitor) {
        // The first search of a large store takes a second: it begins while somebody signs in.
        parts.concerns().catch(() => {});
        return gate.turnAway(context);
      }
      context.state.visitor = visitor;
      await showing(context as never, () => {
        throw new CountersignError("not_found", `there is no page ${context.path}`);
      });
    });
  }

  async function middleware(context: Koa.Context, next: Koa.Next): Promise<void> {
    const asset = assets.find(context.path);
    if (asset) return sendAsset(context, asset);
    if (isForPrograms(context)) return next();
    try {
      await answer(context);
    } catch (error) {
      const view = faultView(error, context.url);
      if (view.status === HTTP_STATUS.internal || view.status === HTTP_STATUS.store_unavailable)
        parts.failed(error);
      const visitor = gate.admit(context);
      if (!visitor) return gate.turnAway(context);
      context.state.visitor = visitor;
      await pages.show(context, view, null);
    }
  }

  return Object.assign(middleware, { routers: [gate.router, pages.router] });
}

/** For whoever lists the routes. */
export interface ConsoleRoutes {
  routers: readonly Router[];
}
