import { describeFaults } from "./describe.ts";
import { SLOW_CONNECTIONS } from "./slow-connections.ts";

describeFaults([SLOW_CONNECTIONS]);
