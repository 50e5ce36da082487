import { CLOCK_JUMPS, CLOCK_SET_BACK } from "./clock.ts";
import type { Fault } from "./fault.ts";
import { fileLimit, fullDisk } from "./full-disk.ts";
import { PAUSED, RESTARTED } from "./postgres.ts";
import { readOnlyFolder } from "./read-only.ts";
import { SLOW_CONNECTIONS } from "./slow-connections.ts";
import { AWAY_FOR_THREE_DAYS } from "./three-days.ts";

export const FAULTS: readonly Fault[] = [
  RESTARTED,
  PAUSED,
  fullDisk("sqlite"),
  fullDisk("lowdb"),
  fileLimit("sqlite"),
  fileLimit("lowdb"),
  readOnlyFolder("sqlite"),
  readOnlyFolder("lowdb"),
  CLOCK_JUMPS,
  CLOCK_SET_BACK,
  SLOW_CONNECTIONS,
  AWAY_FOR_THREE_DAYS,
];
