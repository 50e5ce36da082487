import { describeFaults } from "./describe.ts";
import { AWAY_FOR_THREE_DAYS } from "./three-days.ts";

describeFaults([AWAY_FOR_THREE_DAYS]);
