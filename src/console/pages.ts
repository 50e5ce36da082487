import Router from "@koa/router";
import type Koa from "koa";
import { z } from "zod";
import { CountersignError } from "../domain/errors.ts";
import { REASON } from "../web/audit.ts";
import { auditName, type Caller, isOurOrigin, requireAct } from "../web/callers.ts";
import { parseInput } from "../web/input.ts";
import type { Mandate } from "../web/operations.ts";
import type { Assets } from "./assets.ts";
import { createConversations } from "./conversations.ts";
import { type Download, opened } from "./downloads/download.ts";
import { addressOf } from "./elements/form.ts";
import { fieldsOf, readForm } from "./fields.ts";
import { content, type FrameOptions, page } from "./frame.ts";
import { type Gate, ourOrigin, type Visitor } from "./gate.ts";
import { createJobs } from "./jobs.ts";
import { createLive } from "./live.ts";
import { maskedStore } from "./masked-store.ts";
import type { ConsoleParts } from "./parts.ts";
import { SHOWN_MS } from "./personal-data.ts";
import { createSaid } from "./said.ts";
import { createSavedViews } from "./saved-views.ts";
import { type Action, type Screen, SECTIONS, type SectionId, type View, type Visit } from "./screen.ts";
import { secure, seeOther, sendCsv, sendHtml } from "./send.ts";
import { ownPath } from "./sign-in.ts";

/** Routes for screens and actions: what is the same for all of them stands here. */

export interface PagesParts {
  parts: ConsoleParts;
  /** Called after somebody has changed something. */
  changed(): void;
  gate: Gate;
  assets: Assets;
  screens: readonly Screen[];
  downloads: readonly Download[];
  actions: readonly Action[];
}

export interface Pages {
  /** All routes; every visitor has a session, as `context.state.visitor`. */
  router: Router;
  /** Answers with a page in the frame. */
  show(context: Koa.Context, view: View, section: SectionId | null): Promise<void>;
}

/** What the frame adds to the address of a page. */
const FRAME_PARAMETERS = ["live", "done"] as const;

const WithReason = z.object({ reason: REASON });

const MAX_FORM = "64kb";
/** For pasted bodies. */
const MAX_QUESTION = "8mb";

export function createPages({
  parts,
  changed,
  gate,
  assets,
  screens,
  downloads,
  actions,
}: PagesParts): Pages {
  const { clock, operations } = parts;
  const { store, randomBytes, failed } = parts;
  const jobs = createJobs({ store, randomBytes, failed, now: clock.now });
  const conversations = createConversations();
  const views = createSavedViews({ store, now: clock.now });
  const said = createSaid({ now: clock.now, randomBytes: parts.randomBytes });
  const stream = createLive({ clock, failed: parts.failed });
  const masked = maskedStore(parts.store);
  const frame = { assets, sections: sectionsOf(screens) };

  function visitOf(context: Koa.Context, { caller, showsUntil }: Visitor): Visit {
    const query = { ...fieldsOf(context.query) };
    for (const name of FRAME_PARAMETERS) delete query[name];
    return {
      ...{ parts, jobs, conversations, views, caller, query, params: context.params ?? {} },
      store: showsUntil === null ? masked : parts.store,
      showsPersonalData: showsUntil !== null,
      address: addressOf(context.url, Object.fromEntries(FRAME_PARAMETERS.map((name) => [name, null]))),
      now: clock.now(),
    };
  }

  async function show(context: Koa.Context, view: View, section: SectionId | null): Promise<void> {
    const visitor = visitorOf(context);
    const options: FrameOptions = {
      section,
      said: said.find(fieldsOf(context.query).done ?? ""),
      showsUntil: visitor.showsUntil,
    };
    await sendHtml(context, page(view, visitOf(context, visitor), options, frame), view.status);
  }

  function follow(context: Koa.Context, screen: Screen): void {
    // Another site cannot read the stream, and could use up all of them.
    if (!isOurOrigin(context, { programs: true }))
      throw new CountersignError("forbidden", "a page of another site asks for live updates");
    secure(context);
    stream(context, fieldsOf(context.query).live ?? "", () => {
      const visitor = gate.admit(context, { isUse: false });
      if (!visitor) return null;
      const { address, caller, showsPersonalData } = visitOf(context, visitor);
      return {
        key: JSON.stringify([address, caller, showsPersonalData]),
        render: async () => content(await screen.show(visitOf(context, visitor), {})),
      };
    });
  }

  function mandateOf(context: Koa.Context, caller: Caller): Mandate {
    const given = parseInput(WithReason, fieldsOf(context.request.body));
    return { caller: auditName(caller, context.ip), reason: given.reason };
  }

  /** Whoever takes personal data out of the bridge is in the audit with how they came to see it. */
  async function sendDownload(context: Koa.Context, { path, name, lines }: Download): Promise<void> {
    const visit = visitOf(context, visitorOf(context));
    const file = await opened(lines(visit), parts.failed);
    if (visit.showsPersonalData)
      await operations.audit(
        "download",
        { caller: auditName(visit.caller, context.ip), reason: "personal data was shown" },
        { list: path },
      );
    sendCsv(context, file, `${name}-${new Date(visit.now).toISOString().slice(0, 10)}.csv`);
  }

  const router = new Router();
  // Before the screens, one of which takes any word after its path.
  for (const one of downloads) router.get(one.path, (context) => sendDownload(context, one));
  for (const screen of screens) {
    const answer = async (context: Koa.Context) => {
      if (context.method === "GET" && fieldsOf(context.query).live !== undefined)
        return follow(context, screen);
      const visit = visitOf(context, visitorOf(context));
      await show(context, await screen.show(visit, fieldsOf(context.request.body)), screen.section);
    };
    router.get(screen.path, answer);
    if (screen.method === "post") router.post(screen.path, ourOrigin, readForm(MAX_QUESTION), answer);
  }
  for (const { path, act } of actions) {
    router.post(path, mayAct, ourOrigin, readForm(MAX_FORM), async (context) => {
      const visit = visitOf(context, visitorOf(context));
      const mandate = mandateOf(context, visit.caller);
      const done = await act(visit, fieldsOf(context.request.body), mandate);
      changed();
      seeOther(context, addressOf(done.to, { done: said.keep(done.said) }));
    });
  }
  router.post("/personal-data/show", mayAct, ourOrigin, readForm(MAX_FORM), async (context) => {
    const back = ownPath(fieldsOf(context.request.body).back);
    const until = clock.now() + SHOWN_MS;
    const pageOnly = back.split("?")[0] ?? "/";
    await operations.audit("show", mandateOf(context, visitorOf(context).caller), { page: pageOnly, until });
    gate.setShown(context, until);
    seeOther(context, back);
  });
  // It needs no right: whoever sees less changes nothing.
  router.post("/personal-data/hide", ourOrigin, readForm(MAX_FORM), (context) => {
    gate.setShown(context, null);
    seeOther(context, ownPath(fieldsOf(context.request.body).back));
  });
  return { router, show };
}

function visitorOf(context: Koa.Context): Visitor {
  return context.state.visitor;
}

async function mayAct(context: Koa.Context, next: Koa.Next): Promise<void> {
  requireAct(visitorOf(context).caller);
  await next();
}

/** The navigation leads to sections that have their first page. */
function sectionsOf(screens: readonly Screen[]): ReadonlySet<SectionId> {
  const there = SECTIONS.filter((section) => screens.some(({ path }) => path === section.path));
  return new Set(there.map(({ id }) => id));
}
