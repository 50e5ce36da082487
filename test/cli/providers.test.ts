import { readdirSync } from "node:fs";
import { expect } from "chai";
import { SHIPPED_MAPPINGS } from "../../src/mapping/load.ts";
import { runCommand } from "./terminal.ts";

const shipped = readdirSync(SHIPPED_MAPPINGS).map((file) => file.replace(/\.yaml$/, ""));

describe("countersign providers", () => {
  it("lists every shipped mapping with its channels, checks and settings", async () => {
    const { code, stdout } = await runCommand(["providers"]);
    expect(code).to.equal(0);
    for (const name of shipped) expect(stdout).to.match(new RegExp(`^${name} `, "m"));
    expect(stdout).to.match(/^legalesign +Legalesign +upon +token and rsa +token /m);
  });

  it("says for each channel the URL to enter at the provider, and where its credential is", async () => {
    const { stdout } = await runCommand(["providers", "--json"]);
    const providers: {
      provider: string;
      channels: { name: string; needs: string[]; options: string[]; setup: string | null }[];
    }[] = JSON.parse(stdout);
    expect(providers.map(({ provider }) => provider)).to.have.members(shipped);
    for (const { provider, channels } of providers)
      for (const { name, needs, options, setup } of channels) {
        expect(setup, `${provider}/${name}`).to.be.a("string");
        expect([...needs, ...options], `${provider}/${name}`).not.to.deep.equal([]);
      }
  });

  it("describes one provider, with the URL's shape and the unproved points", async () => {
    const { code, stdout } = await runCommand(["providers", "legalesign"]);
    expect(code).to.equal(0);
    expect(stdout).to.include("/in/legalesign/batch?token=…").and.to.include("/in/legalesign/realtime,");
  });

  it("lists optional settings, alone and beside required ones", async () => {
    const { stdout } = await runCommand(["providers", "docuseal"]);
    expect(stdout).to.include("configure   `secrets` or `token` or `headers`, or `verify: none`");
    const legalesign = await runCommand(["providers", "legalesign"]);
    expect(legalesign.stdout).to.include("configure   `token`; `certificate` may be there");
  });

  it("suggests the name closest to a mistyped one", async () => {
    const { code, stderr } = await runCommand(["providers", "legalsign"]);
    expect(code).to.equal(1);
    expect(stderr).to.include("did you mean `legalesign`?");
  });
});
