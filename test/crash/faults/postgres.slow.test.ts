import { describeFaults } from "./describe.ts";
import { PAUSED, RESTARTED } from "./postgres.ts";

describeFaults([RESTARTED, PAUSED]);
