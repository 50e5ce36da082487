import { expect } from "chai";
import { configText, SECRET, signedByLumin, startReceiver, tidy } from "../support/bridge.ts";
import { until } from "../support/until.ts";
import { luminPost } from "./filled-bridge.ts";
import { startConsole, withTokens } from "./visitor.ts";

const NOW = Date.now();
const DAY = 86_400_000;

/** A bridge whose only destination refuses the second event that it gets. */
async function startBridgeWithParked() {
  const erp = await startReceiver((nth) => (nth === 2 ? 422 : 200));
  const destinations = `destinations:
  erp: { url: "${erp.url}", secrets: ["${SECRET}"], events: ["document.*"], parkOn: [422] }`;
  const { bridge, visitor } = await startConsole(withTokens(configText(destinations)));
  const post = async (id: string, title: string, type: string, at: number, status?: string) => {
    const body = luminPost(id, title, type, at, status);
    await bridge.post("/in/lumin/account", body, signedByLumin(body));
  };
  const areFinal = () =>
    until(
      async () => (await visitor.get("/destinations/erp")).text.includes("nothing waits"),
      "every delivery is final",
    );
  return { visitor, post, areFinal };
}

describe("the documents of the console", () => {
  afterEach(tidy);

  it("are in the order of their last reports, also where a filter is set that an index has otherwise", async () => {
    const { visitor, post, areFinal } = await startBridgeWithParked();
    await post("one", "First", "created", NOW - 20 * DAY);
    await post("two", "Second", "created", NOW - 20 * DAY);
    await post("one", "First", "sent", NOW - 20 * DAY);
    await areFinal();
    const titles = async (path: string) =>
      [...(await visitor.get(path)).html.matchAll(/<bdi>(First|Second)<\/bdi>/g)].map(([, title]) => title);
    expect(await titles("/documents")).to.deep.equal(["First", "Second"]);
    expect(await titles("/documents?order=oldest")).to.deep.equal(["Second", "First"]);
    expect(await titles("/documents?sort=first_report")).to.deep.equal(["Second", "First"]);
    expect(await titles("/documents?stuck=7d")).to.deep.equal(["First"]);
    expect((await visitor.get("/documents")).text).to.include("2 documents, the newest report first.");
    expect((await visitor.get("/documents?stuck=7d&sort=last_report")).text).to.include(
      "Sort: documents chosen by stuck are sorted by first_report only",
    );
  });

  it("show their last event, how long they are under way, and what of them did not arrive", async () => {
    const { visitor, post, areFinal } = await startBridgeWithParked();
    await post("done", "Done", "created", NOW - 5 * DAY);
    await areFinal();
    await post("done", "Done", "approved", NOW - 1_000, "APPROVED");
    await areFinal();
    await post("late", "Late", "sent", NOW - 6 * DAY);
    await areFinal();
    const rowOf = async (path: string, title: string) => {
      const rows = (await visitor.get(path)).html.split("<tr>").filter((row) => row.includes(`>${title}<`));
      return rows.map((row) => row.replace(/<[^>]*>/g, " ").replace(/\s+/g, " ")).join("|");
    };
    expect(await rowOf("/documents", "Done")).to.match(/completed .*document completed, .*! 1 parked/);
    expect(await rowOf("/documents", "Late")).to.match(/for 6d .*document sent for signing, .* – /);
    expect(await rowOf("/documents?undelivered=parked", "Done")).to.include("1 parked");
    expect(await rowOf("/documents?undelivered=parked", "Late")).to.equal("");
  });
});
