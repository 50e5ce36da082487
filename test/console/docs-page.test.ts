import { readFileSync } from "node:fs";
import { expect } from "chai";
import { SCREENS } from "../../src/console/screens.ts";

const PAGE = readFileSync(new URL("../../docs/console.md", import.meta.url), "utf8");

describe("docs/console.md", () => {
  it("has the address of every page", () => {
    const rows = [...PAGE.matchAll(/^\| [^|]+ \| `([^`]+)` \|/gm)].map(([, address = ""]) => address);
    // Ids stand for themselves there: `/events/evt_…`.
    const shown = rows.map((address) => address.split("?")[0]?.replace(/\/\w+_…(?=$|\/)/, "/:id"));
    expect(shown).to.include.members(SCREENS.map(({ path }) => path));
  });
});
