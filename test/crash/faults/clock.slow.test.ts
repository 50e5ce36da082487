import { CLOCK_JUMPS, CLOCK_SET_BACK } from "./clock.ts";
import { describeFaults } from "./describe.ts";

describeFaults([CLOCK_JUMPS, CLOCK_SET_BACK]);
