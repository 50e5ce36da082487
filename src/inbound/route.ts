/** The target of a request. */
export interface Target {
  /** Null: the path names no channel. */
  route: Route | null;
  /** Without the question mark. */
  query: string;
}

export interface Route {
  source: string;
  channel: string;
  /** One more segment; null: none. */
  token: string | null;
}

/** A request target in absolute form, as a proxy may be sent one (RFC 9112, section 3.2.2). */
const ORIGIN = /^https?:\/\/[^/?#]*/i;

/**
 * Reads request targets: `<basePath>/in/<source>/<channel>`, with a token as one more segment. Slashes may be
 * doubled or trailing, and characters percent-encoded. Names are case-sensitive.
 */
export function createTargetReader(basePath: string): (url: string) => Target {
  const base = segmentsOf(basePath) ?? [];
  return (url) => {
    const target = url.startsWith("/") ? url : url.replace(ORIGIN, "");
    const mark = target.indexOf("?");
    const path = mark < 0 ? target : target.slice(0, mark);
    return { route: routeOf(path, base), query: mark < 0 ? "" : target.slice(mark + 1) };
  };
}

function routeOf(path: string, base: readonly string[]): Route | null {
  const segments = segmentsOf(path);
  if (!segments || base.some((segment, index) => segments[index] !== segment)) return null;
  const [door, source, channel, token = null, ...more] = segments.slice(base.length);
  if (door !== "in" || source === undefined || channel === undefined || more.length > 0) return null;
  return { source, channel, token };
}

/** Null: it does not decode. */
function segmentsOf(path: string): string[] | null {
  const segments = path.split("/").filter((segment) => segment !== "");
  if (!path.includes("%")) return segments;
  try {
    return segments.map(decodeURIComponent);
  } catch {
    return null;
  }
}
