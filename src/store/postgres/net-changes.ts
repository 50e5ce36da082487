import type { EarlierReport, EventChannelKey, Resolution } from "../../domain/resolve.ts";

/** What is left to write of requests that share a transaction, each of which follows the one before. */

/** A key that one request adds and a later one removes is not added. */
export function channelKeysAfter(resolutions: readonly Resolution[]): Resolution["channelKeys"] {
  const nameOf = ({ event, key, channel }: EventChannelKey) => JSON.stringify([event, key, channel]);
  const { gone, come } = net(
    resolutions.map(({ channelKeys }) => ({ gone: channelKeys.removed, come: channelKeys.added })),
    nameOf,
  );
  return { added: come, removed: gone };
}

/** Each report is moved to where it is in the end. */
export function movedAfter(resolutions: readonly Resolution[]): Resolution["moved"] {
  const nameOf = ({ event, receipt }: EarlierReport) => JSON.stringify([event, receipt]);
  const { gone, come } = net(
    resolutions.map(({ moved }) => ({ gone: moved.from, come: moved.to })),
    nameOf,
  );
  return { from: gone, to: come };
}

interface Change<T> {
  gone: readonly T[];
  come: readonly T[];
}

function net<T>(changes: readonly Change<T>[], nameOf: (one: T) => string): Change<T> {
  const gone = new Map<string, T>();
  const come = new Map<string, T>();
  for (const change of changes) {
    for (const one of change.gone) {
      gone.set(nameOf(one), one);
      come.delete(nameOf(one));
    }
    for (const one of change.come) come.set(nameOf(one), one);
  }
  return { gone: [...gone.values()], come: [...come.values()] };
}
