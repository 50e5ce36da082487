import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect } from "chai";
import { aFolder, configText, FORM, SECRET, startReceiver, TOKEN, tidy } from "../support/bridge.ts";
import { killServed, type Process, serve } from "./served.ts";

/** Expects one sentence, exit code 1 and no stack trace. */
async function expectRefusal(process: Process, sentence: RegExp): Promise<void> {
  const { code, stderr } = await process.ended;
  expect(code).to.equal(1);
  expect(stderr).to.match(sentence);
  expect(stderr.trimEnd().split("\n")).to.have.length(1);
}

describe("countersign serve", () => {
  afterEach(async () => {
    killServed();
    await tidy();
  });

  it("says in one sentence that a port is in use", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    await expectRefusal(
      serve(configText(undefined, `{ host: 127.0.0.1, port: ${port} }`)),
      new RegExp(`^countersign: port ${port} is in use by another program`),
    );
    server.close();
  });

  it("says in one sentence that the store's folder cannot be written to", async () => {
    const folder = aFolder();
    writeFileSync(join(folder, "data"), "a file where a folder should be");
    const text = configText().replace("sqlite:./countersign.db", "sqlite:./data/countersign.db");
    await expectRefusal(serve(text, folder), /^countersign: the store .*cannot be opened/);
  });

  it("says in one sentence that a newer version wrote the database", async () => {
    const folder = aFolder();
    const db = new DatabaseSync(join(folder, "countersign.db"));
    db.exec("pragma user_version = 99");
    db.close();
    await expectRefusal(
      serve(configText(), folder),
      /^countersign: the store .*was written by a newer Countersign/,
    );
  });

  it("finishes requests in flight upon SIGTERM, exits 0, and has logged no secret or token", async () => {
    const receiver = await startReceiver();
    const { child, line, ended } = serve(
      configText(`destinations: { crm: { url: "${receiver.url}?key=hidden", secrets: ["${SECRET}"] } }`),
    );
    const { url } = await line("process.ready");
    const body = "uuid=d1&event=100&name=Confidential+title";
    const answer = await fetch(`${url}/in/legalesign/upon?token=${TOKEN}`, {
      method: "POST",
      body,
      headers: FORM,
    });
    expect(answer.status).to.equal(200);
    child.kill("SIGTERM");
    const { code, log, stderr } = await ended;
    expect([code, stderr]).to.deep.equal([0, ""]);
    expect(log).to.include('"event":"request.recorded"').and.include('"event":"process.stopped"');
    for (const hidden of [TOKEN, SECRET, "hidden", "Confidential"]) expect(log).not.to.include(hidden);
  });

  it("ends at once at the second signal", async () => {
    const hanging = createServer(() => {}).listen(0, "127.0.0.1");
    await once(hanging, "listening");
    const asked = once(hanging, "request");
    const { port } = hanging.address() as AddressInfo;
    const { child, line, ended } = serve(
      configText(`destinations: { crm: { url: "http://127.0.0.1:${port}/", secrets: ["${SECRET}"] } }`),
    );
    const { url } = await line("process.ready");
    await fetch(`${url}/in/legalesign/upon?token=${TOKEN}`, {
      method: "POST",
      body: "uuid=d1&event=100",
      headers: FORM,
    });
    await asked;
    child.kill("SIGTERM");
    await line("process.stopping");
    child.kill("SIGTERM");
    expect((await ended).code).to.equal(130);
    hanging.close();
    hanging.closeAllConnections();
  });
});
