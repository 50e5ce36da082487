import { describeFaults } from "./describe.ts";
import { readOnlyFolder } from "./read-only.ts";

describeFaults([readOnlyFolder("sqlite"), readOnlyFolder("lowdb")]);
