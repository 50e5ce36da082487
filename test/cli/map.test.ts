import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { aFolder, tidy } from "../support/bridge.ts";
import { runCommand } from "./terminal.ts";

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
const map = (file: string, mapping: string, channel: string, ...more: string[]) =>
  runCommand(["map", file, "--mapping", mapping, "--channel", channel, ...more]);

describe("countersign map", () => {
  afterEach(tidy);

  it("shows what a captured batch turns into, item by item, without a server", async () => {
    const { code, stdout } = await map(fixture("legalesign/batch.form"), "legalesign", "batch");
    expect(code).to.equal(0);
    const lines = stdout.split("\n").filter((line) => line.startsWith("item "));
    expect(lines).to.have.length(8);
    expect(lines[5]).to.match(
      /^item 5 +signer 40 \(.+\) +→ signer\.signed +2022-07-11T07:29:06\.000Z +document not known +signer 656926a1/,
    );
    expect(stdout).to.include("8 items, 8 events, 0 problems");
  });

  it("reads a trigger from the query", async () => {
    const file = join(aFolder(), "upon.form");
    writeFileSync(file, "uuid=d1&name=Agreement");
    const { stdout } = await map(file, "legalesign", "upon", "--query", "trigger=rejected");
    expect(stdout).to.include("→ document.declined");
  });

  it("prints the events as JSON for programs", async () => {
    const { stdout } = await map(fixture("lumin/downloadable.json"), "lumin", "account", "--json");
    const [event] = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(event).to.deep.include({ type: "document.downloadable", provider: "lumin" });
    expect(event.document).to.include({ title: "Test webhook", downloadable: true });
  });

  it("shows two equal items as one event", async () => {
    const file = join(aFolder(), "batch.form");
    const item = {
      value: "10",
      timestamp: "2022-07-11T07:28:25Z",
      resource_uri: "/api/v1/document/d1/",
      name: "status",
    };
    writeFileSync(file, `data=${encodeURIComponent(JSON.stringify([item, item]))}`);
    const { stdout } = await map(file, "legalesign", "batch");
    expect(stdout).to.include("2 items, 1 event, 1 told again, 0 problems");
  });

  it("names the unreadable item and field, and exits 1", async () => {
    const file = join(aFolder(), "batch.form");
    const items = [
      { value: "10", timestamp: "someday", resource_uri: "/api/v1/document/d1/", name: "status" },
    ];
    writeFileSync(file, `data=${encodeURIComponent(JSON.stringify(items))}`);
    const { code, stderr } = await map(file, "legalesign", "batch");
    expect(code).to.equal(1);
    expect(stderr).to.equal("item 0, timestamp: is not a time\n");
  });

  it("reads headers, where the mapping or the form needs them", async () => {
    const file = fixture("dropbox-sign/signed/body.multipart");
    const [type, agent] = ["multipart/form-data; boundary=----------------------------cdbbc9813ec9", "a: b"];
    const headers = ["--header", `Content-Type: ${type}`, "--header", `user-agent:${agent}`];
    const { code, stdout } = await map(file, "dropbox-sign", "account", ...headers);
    expect(code).to.equal(0);
    expect(stdout).to.include("→ signer.signed").and.include("signer 78caf2a1");
    const { stderr } = await map(file, "dropbox-sign", "account", "--header", "no header");
    expect(stderr).to.include("A header is written name: value.");
  });

  it("lists the mappings and channels when an unknown one is named", async () => {
    const file = fixture("lumin/vector.json");
    expect((await map(file, "lumen", "account")).stderr).to.include("lumin");
    expect((await map(file, "lumin", "batch")).stderr).to.include("it has account, app");
    expect((await map("/no/such/file", "lumin", "account")).stderr).to.match(
      /^countersign: \/no\/such\/file cannot be read/,
    );
  });
});
