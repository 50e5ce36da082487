import type { Store } from "../store/store.ts";
import type { Caller } from "../web/callers.ts";
import type { Mandate } from "../web/operations.ts";
import type { Conversations } from "./conversations.ts";
import type { Content } from "./html.ts";
import type { Jobs } from "./jobs.ts";
import type { ConsoleParts } from "./parts.ts";
import type { SavedViews } from "./saved-views.ts";

/** How a page of the console is added: a `Screen` that shows, an `Action` that changes. */

/** Parameters of a query or fields of a form. Of one that comes twice the last counts. */
export type Fields = Readonly<Record<string, string>>;

/** One request for a page, by somebody who may see it. */
export interface Visit {
  parts: ConsoleParts;
  /** To read from: personal data is masked, unless the visitor had it shown. */
  store: Store;
  /** Whether personal data is shown. Bodies of requests are not masked by `store`: they depend on this. */
  showsPersonalData: boolean;
  caller: Caller;
  /** Work that was started here, and goes on after the answer. */
  jobs: Jobs;
  /** Tests of destinations that were sent here. */
  conversations: Conversations;
  /** Filters of lists that have a name. */
  views: SavedViews;
  /** Parts of the path. */
  params: Fields;
  query: Fields;
  /** The page's own address: path and query, without what the frame adds. */
  address: string;
  /** Milliseconds since 1970. */
  now: number;
}

/** What the navigation names, in its order. `key` follows `g` on the keyboard. */
export const SECTIONS = [
  { id: "now", name: "Now", path: "/", key: "n" },
  { id: "documents", name: "Documents", path: "/documents", key: "d" },
  { id: "events", name: "Events", path: "/events", key: "e" },
  { id: "deliveries", name: "Deliveries", path: "/deliveries", key: "v" },
  { id: "destinations", name: "Destinations", path: "/destinations", key: "t" },
  { id: "requests", name: "Requests", path: "/requests", key: "q" },
  { id: "bench", name: "Mapping bench", path: "/bench", key: "m" },
  { id: "parity", name: "Parity", path: "/parity", key: "p" },
  { id: "jobs", name: "Jobs", path: "/jobs", key: "j" },
  { id: "audit", name: "Audit", path: "/audit", key: "a" },
  { id: "configuration", name: "Configuration", path: "/configuration", key: "c" },
] as const;
export type SectionId = (typeof SECTIONS)[number]["id"];

/** A page as a screen gives it; the frame adds the rest. */
export interface View {
  /** For the window's title and the heading; may be a stranger's. */
  title: string;
  /** The first line: what a person can act on. */
  sentence: Content;
  body: Content;
  /** The page follows what happens. False: it is of one moment, such as a form to confirm. */
  live: boolean;
  /** HTTP; absent: 200. */
  status?: number;
}

export interface Screen {
  /** As @koa/router has it: `/events/:id`. */
  path: string;
  section: SectionId;
  /** POST: it answers a question that is too long for an address, and changes nothing. */
  method?: "get" | "post";
  /**
   * @throws CountersignError whose message says what is wrong; the console makes a page of it that says what
   * to do next.
   */
  show(visit: Visit, form: Fields): Promise<View>;
}

/** Changes something: by a POST of a form with a `reason`, from somebody who may, and from our own page. */
export interface Action {
  path: string;
  act(visit: Visit, form: Fields, mandate: Mandate): Promise<Done>;
}

export interface Done {
  /** The address of the page that follows. */
  to: string;
  /** What was done, in a sentence that this page shows. */
  said: string;
}
