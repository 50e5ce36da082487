import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect } from "chai";
import { type Bridge, configText, FORM, signedByLumin, startBridge, TOKEN, tidy } from "../support/bridge.ts";
import { nth } from "../support/only.ts";
import { commandsFor } from "./operator.ts";

const SHIPPED = readFileSync(new URL("../../mappings/legalesign.yaml", import.meta.url), "utf8");
const ITEM = (value: string, document: string) => ({
  value,
  timestamp: "2022-07-11T07:28:25+00:00",
  resource_uri: `/api/v1/document/${document}/`,
  name: "status",
});
const batch = (...items: unknown[]) => `data=${encodeURIComponent(JSON.stringify(items))}`;

/** Commands against a bridge, with a file in its folder. */
function forBridge(bridge: Bridge) {
  return {
    run: commandsFor(bridge, configText()),
    write(name: string, content: string): string {
      writeFileSync(join(bridge.folder, name), content);
      return join(bridge.folder, name);
    },
  };
}

describe("countersign map --diff", () => {
  afterEach(tidy);

  it("shows which events of stored requests a new mapping changes, adds, loses or cannot read", async () => {
    const bridge = await startBridge();
    const { run, write } = forBridge(bridge);
    await bridge.post(`/in/legalesign/batch?token=${TOKEN}`, batch(ITEM("10", "d1"), ITEM("30", "d2")), FORM);
    await bridge.post(`/in/legalesign/batch?token=${TOKEN}`, batch(ITEM("50", "d3")), FORM);

    const same = await run("map", "--diff", "--mapping", write("same.yaml", SHIPPED));
    expect([same.code, same.stdout]).to.deep.equal([0, "2 kept requests read by both: 2 the same\n"]);

    const changed = SHIPPED.replace(/"50": \{ event: document\.declined/, '"50": { event: document.canceled');
    expect(changed).not.to.equal(SHIPPED);
    const diff = await run("map", "--diff", "--mapping", write("new.yaml", changed));
    expect(diff.code).to.equal(1);
    expect(diff.stdout).to.match(/^vanishes +rcp_\w+ +document\.declined \(document 50\) evt_/m);
    expect(diff.stdout).to.match(/^appears +rcp_\w+ +document\.canceled \(document 50\) evt_/m);
    expect(diff.stdout).to.include("2 kept requests read by both: 1 the same; 1 vanishes, 1 appears");

    const lines = (await run("map", "--diff", "--json", "--mapping", write("new.yaml", changed))).stdout;
    expect(
      lines
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line).kind),
    ).to.deep.equal(["vanishes", "appears"]);
  });

  it("reads only requests of the given time, and refuses an invalid mapping", async () => {
    const bridge = await startBridge();
    const { run, write } = forBridge(bridge);
    await bridge.post(`/in/legalesign/batch?token=${TOKEN}`, batch(ITEM("10", "d1")), FORM);
    const future = await run(
      "map",
      "--diff",
      "--since",
      "2099-01-01T00:00:00Z",
      "--mapping",
      write("same.yaml", SHIPPED),
    );
    expect(future.stdout).to.equal("0 kept requests read by both: 0 the same\n");
    const bad = await run(
      "map",
      "--diff",
      "--mapping",
      write("bad.yaml", SHIPPED.replace("as: iso", "as: sundial")),
    );
    expect(bad.code).to.equal(1);
    expect(bad.stderr).to.match(/bad\.yaml:\d+:\d+: .*sundial/);
    expect((await run("map", "--diff", "--mapping", "/no/such.yaml")).stderr).to.match(
      /^countersign: \/no\/such\.yaml cannot be read/,
    );
    expect((await run("map", "--mapping", "legalesign")).stderr).to.include(
      "name the file and its --channel, or --diff",
    );
  });
});

describe("countersign capture", () => {
  afterEach(tidy);

  it("writes a stored request as a golden folder with the events that the bridge made", async () => {
    const bridge = await startBridge();
    const { run } = forBridge(bridge);
    const body = batch(ITEM("10", "d1"));
    const { receipt } = (await bridge.post(`/in/legalesign/batch?token=${TOKEN}`, body, FORM)).body;
    const folder = join(bridge.folder, "golden");
    expect((await run("capture", receipt, "--to", folder)).stdout).to.include("unredacted");
    for (const name of ["", "body.txt", "request.json", "events.json"])
      expect(statSync(join(folder, name)).mode & 0o077, name).to.equal(0);
    expect(readFileSync(join(folder, "body.txt"), "utf8")).to.equal(body);
    const [event] = (await bridge.admin("/api/v1/events?order=oldest")).body.items;
    const golden = JSON.parse(readFileSync(join(folder, "events.json"), "utf8"));
    expect(golden.items[0].events[0]).to.include({ id: event.id, type: "document.sent" });
  });

  it("replaces names, addresses, titles and tokens, equal ones by equal ones", async () => {
    const bridge = await startBridge();
    const { run } = forBridge(bridge);
    const signer = { name: "Ada Lovelace", email: "ada@lovelace.org", is_approved: true };
    const body = JSON.stringify({
      event: {
        event_type: "signature_request_created",
        event_time: 1_700_000_000_000,
        event_metadata: { signer_email: "ADA@lovelace.org" },
      },
      signature_request: {
        signature_request_id: "r1",
        title: "The Ada contract",
        signers: [signer, { ...signer, email: "bob@lovelace.org" }],
      },
      details_url: "https://sign.example/auth?mode=view&token=very-secret",
    });
    const { receipt } = (await bridge.post("/in/lumin/account", body, signedByLumin(body))).body;
    const folder = join(bridge.folder, "golden");
    const { stdout, stderr } = await run("capture", receipt, "--redact", "--to", folder);
    expect(stdout).to.include("its signature no longer verifies").and.include("read it before you share it");
    expect(stderr).to.equal("");
    const written = ["body.txt", "request.json", "events.json"].map((name) =>
      readFileSync(join(folder, name), "utf8"),
    );
    for (const secret of ["Ada", "ada@", "ADA@", "bob@", "Lovelace", "very-secret", "x-signature"]) {
      expect(written.join("\n"), secret).not.to.include(secret);
    }
    const redacted = JSON.parse(nth(written, 0));
    expect(redacted.event.event_metadata.signer_email).to.equal(redacted.signature_request.signers[0].email);
    expect(redacted.signature_request).to.include({ signature_request_id: "r1" });
  });

  it("decompresses a body that it redacts, and writes any other as it came", async () => {
    const bridge = await startBridge();
    const { run } = forBridge(bridge);
    const text = JSON.stringify({
      event: { event_type: "signature_request_created", event_time: 1_700_000_000_000 },
      signature_request: { signature_request_id: "r1", title: "The Ada contract" },
    });
    const packed = gzipSync(text);
    const headers = { ...signedByLumin(packed), "content-encoding": "gzip" };
    const { receipt } = (await bridge.post("/in/lumin/account", packed, headers)).body;
    const folder = join(bridge.folder, "golden");
    const read = (name: string) => readFileSync(join(folder, name));
    await run("capture", receipt, "--to", folder);
    expect(read("body.txt").equals(packed)).to.equal(true);
    expect(JSON.parse(String(read("events.json"))).items[0].events).to.have.length(1);
    await run("capture", receipt, "--redact", "--to", folder);
    expect(JSON.parse(String(read("body.txt"))).signature_request.title).not.to.include("Ada");
    expect(String(read("request.json"))).not.to.include("content-encoding");
    expect(JSON.parse(String(read("events.json"))).items[0].events).to.have.length(1);
  });
});
