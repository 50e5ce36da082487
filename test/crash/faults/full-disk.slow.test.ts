import { describeFaults } from "./describe.ts";
import { fullDisk, longFile } from "./full-disk.ts";

describeFaults([fullDisk("sqlite"), fullDisk("lowdb"), longFile("sqlite"), longFile("lowdb")]);
