/** Where a request is addressed to. */
export interface Target {
  /** What the path names; null: nothing that there could be. */
  route: Route | null;
  /** Without the question mark. */
  query: string;
}

export interface Route {
  source: string;
  channel: string;
  /** One more segment; null when there is none. */
  token: string | null;
}

/** A request target in absolute form, as a proxy may be sent one (RFC 9112, section 3.2.2). */
const ORIGIN = /^https?:\/\/[^/?#]*/i;

/**
 * Reads a request target: `<basePath>/in/<source>/<channel>`, a token as one more segment. Slashes may be doubled or stand at
 * the end, and characters may be percent-encoded. Names are compared as they are, upper and lower case apart.
 */
export function readTarget(url: string, basePath: string): Target {
  const target = url.replace(ORIGIN, "");
  const [path = "", ...query] = target.split("?");
  return { route: routeOf(path, basePath), query: query.join("?") };
}

function routeOf(path: string, basePath: string): Route | null {
  const segments = segmentsOf(path);
  const base = segmentsOf(basePath) ?? [];
  if (!segments || base.some((segment, index) => segments[index] !== segment)) return null;
  const [door, source, channel, token = null, ...more] = segments.slice(base.length);
  if (door !== "in" || source === undefined || channel === undefined || more.length > 0) return null;
  return { source, channel, token };
}

/** Null: it does not decode. */
function segmentsOf(path: string): string[] | null {
  try {
    return path
      .split("/")
      .filter((segment) => segment !== "")
      .map(decodeURIComponent);
  } catch {
    return null;
  }
}
