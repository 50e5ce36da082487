import { describeFaults } from "./describe.ts";
import { fileLimit, fullDisk } from "./full-disk.ts";

describeFaults([fullDisk("sqlite"), fullDisk("lowdb"), fileLimit("sqlite"), fileLimit("lowdb")]);
