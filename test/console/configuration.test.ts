import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { loadConfig } from "../../src/config.ts";
import { aFolder, configText, SECRET, startBridge, TOKEN, tidy } from "../support/bridge.ts";
import { ACT, visit, withTokens } from "./visitor.ts";

const DESTINATIONS = `destinations:
  crm: { url: "https://crm.example/hook?key=in-the-url", secrets: ["${SECRET}"], headers: { x-key: key-of-acme }, auth: { bearer: bearer-of-acme } }
alerts:
  chat: { url: "https://hooks.example/services/a-secret-path", format: slack }`;

/** A bridge whose configuration is a file that can be changed. */
async function startFromFile() {
  const folder = aFolder();
  const file = join(folder, "countersign.yaml");
  const text = withTokens(configText(DESTINATIONS));
  writeFileSync(file, text);
  const load = () => loadConfig(file, {});
  const bridge = await startBridge(text, { folder, load });
  const visitor = visit(bridge);
  await visitor.signIn(ACT);
  return { bridge, visitor, text, write: (changed: string) => writeFileSync(file, changed) };
}

describe("the configuration of the console", () => {
  afterEach(tidy);

  it("shows each setting of the file with its line, and defaults on demand", async () => {
    const { visitor, text } = await startFromFile();
    const line = text.split("\n").findIndex((one) => one.includes("crm:")) + 1;
    const page = await visitor.get("/configuration");
    expect(page.text).to.match(
      new RegExp(`destinations.crm.url ?https://crm.example/hook\\?… ?\\S+countersign.yaml:${line}`),
    );
    expect(page.text).not.to.include("destinations.crm.timeout");
    expect((await visitor.get("/configuration?all=1")).text).to.match(
      /destinations.crm.timeout ?15s ?default/,
    );
    const found = await visitor.get("/configuration?search=crm.timeout");
    expect(found.text).to.include("destinations.crm.timeout").and.not.include("destinations.crm.url");
    expect((await visitor.get("/configuration?search=nothing-like-it")).text).to.include(
      "No setting matches.",
    );
  });

  it("shows no secret, wherever it stands", async () => {
    const { visitor } = await startFromFile();
    const secrets = [SECRET, SECRET.slice(6), TOKEN, ACT, "in-the-url", "of-acme", "a-secret-path"];
    for (const path of ["/configuration?all=1", "/configuration?check=1"]) {
      const { html } = await visitor.get(path);
      for (const secret of secrets) expect(html, path).not.to.include(secret);
    }
  });

  it("says what a reload would change, also of a secret, and reloads with a reason", async () => {
    const { bridge, visitor, text, write } = await startFromFile();
    expect((await visitor.get("/configuration?check=1")).text).to.include("the same as what is in force");
    write(
      text.replace("key-of-acme", "another-of-acme").replace("format: slack", "format: slack, details: true"),
    );
    const { text: page, html } = await visitor.get("/configuration?check=1");
    expect(page).to.include("a reload would change these 2:").and.include("alerts.chat.details");
    expect(page).to.match(/destinations.crm.headers.x-key ?\(not shown\) ?\(not shown\)/);
    expect(html).not.to.include("of-acme");
    const done = await visitor.post("/configuration/reload", { reason: "a new key" });
    const next = await visitor.get(done.headers.get("location") ?? "");
    expect(next.text)
      .to.include("The configuration is reloaded.")
      .and.match(/last reload ?✓ went well/);
    const { body } = await bridge.admin("/api/v1/audit", { authorization: `Bearer ${ACT}` });
    expect(body.items[0]).to.deep.include({ action: "reload", reason: "a new key" });
    expect((await visitor.get("/configuration?check=1")).text).to.include("the same as what is in force");
  });

  it("says what is wrong with the file and where, and keeps what is in force when it is reloaded", async () => {
    const { visitor, text, write } = await startFromFile();
    write(text.replace("format: slack", "format: smoke"));
    const { text: page } = await visitor.get("/configuration?check=1");
    expect(page)
      .to.include("A reload would be refused")
      .and.match(/countersign\.yaml:\d+:\d+ .*alerts\.chat\.format/);
    const refused = await visitor.post("/configuration/reload", { reason: "a try" });
    expect(refused.status).to.equal(400);
    const after = await visitor.get("/configuration");
    expect(after.text)
      .to.include("the last reload was refused")
      .and.match(/last reload ?! refused/);
    expect(after.text).to.include("The configuration before stayed in force.");
  });

  it("has nothing to reload where the bridge was started without a file", async () => {
    const visitor = visit(await startBridge());
    expect((await visitor.get("/configuration")).text).to.include("there is nothing to reload");
    expect((await visitor.get("/configuration?check=1")).text).to.include("There is no file.");
    expect((await visitor.post("/configuration/reload", { reason: "a try" })).status).to.equal(409);
  });
});
