import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { expect } from "chai";
import { type Config, loadConfig } from "../../src/config.ts";
import { parseDuration } from "../../src/domain/quantity.ts";
import { runCommand } from "../cli/terminal.ts";
import { aFolder, tidy } from "../support/bridge.ts";
import { type Data, execFormOf, read, stagesOf, yamlOf } from "./files.ts";

const { version } = JSON.parse(read("package.json"));
const IMAGE = stagesOf(read("Dockerfile")).at(-1);
const PLACES = {
  "compose.yaml": { bridges: ["bridge"], options: [] },
  "compose.postgres.yaml": {
    bridges: ["bridge-1", "bridge-2"],
    options: ["--store", "postgres://countersign@postgres/countersign"],
  },
} as const;

/** What `countersign init` writes for this file, as docs/deploying.md says. */
async function installed(
  options: readonly string[],
): Promise<{ config: Config; env: Record<string, string> }> {
  const folder = aFolder();
  const args = ["init", "--container", "--provider", "lumin", "--destination", "crm=http://receiver:9000/"];
  const { code, stderr } = await runCommand([...args, ...options, "--to", folder]);
  expect([code, stderr]).to.deep.equal([0, ""]);
  const env = parseEnv(readFileSync(join(folder, ".env"), "utf8")) as Record<string, string>;
  const { config } = await loadConfig(join(folder, "countersign.yaml"), env);
  if (!config) throw new Error("the configuration is wrong");
  return { config, env };
}

describe("compose", () => {
  afterEach(tidy);

  for (const [file, { bridges, options }] of Object.entries(PLACES)) {
    const { services, volumes }: Data = yamlOf(file);
    const ours = Object.entries<Data>(services).filter(([, { image }]) => image.startsWith("countersign:"));

    it(`names an image of a version for each service: ${file}`, () => {
      for (const { image } of Object.values<Data>(services)) {
        expect(image)
          .to.match(/:[\w.-]+$/)
          .and.not.match(/:latest$/);
      }
      for (const [, { image }] of ours) expect(image).to.equal(`countersign:${version}`);
    });

    it(`runs each process of ours as nobody, without rights, on a read-only root: ${file}`, () => {
      expect(ours.map(([name]) => name)).to.deep.equal([...bridges, "receiver", "simulate"]);
      for (const [, service] of ours)
        expect(service).to.deep.include({ user: "65532:65532", read_only: true, cap_drop: ["ALL"] });
    });

    it(`checks each bridge as the image does, and waits longer for its stop than it takes: ${file}`, async () => {
      const { config } = await installed(options);
      for (const name of bridges) {
        const { healthcheck, stop_grace_period: grace, read_only: isReadOnly, tmpfs } = services[name];
        expect(healthcheck.test).to.deep.equal(["CMD", ...(IMAGE ? execFormOf(IMAGE, "HEALTHCHECK") : [])]);
        expect(parseDuration(grace)).to.be.at.least(config.drain + config.shutdown + 5_000);
        expect([isReadOnly, tmpfs]).to.deep.equal([true, ["/tmp"]]);
      }
    });

    it(`publishes the ports of what \`countersign init\` writes, on this machine alone: ${file}`, async () => {
      const { config } = await installed(options);
      const published = Object.values<Data>(services).flatMap(({ ports = [] }) => ports as string[]);
      for (const port of published) expect(port).to.match(/^127\.0\.0\.1:\d+:\d+$/);
      const inner = published.map((port) => Number(port.split(":")[2]));
      expect(new Set(inner)).to.deep.equal(new Set([config.server.port, config.admin.port]));
      expect(config.admin).to.include({ host: "0.0.0.0" });
    });

    it(`mounts the configuration where the image looks for it, and never makes a folder of it: ${file}`, () => {
      for (const name of bridges) {
        const mount = services[name].volumes.find((one: Data) => typeof one === "object");
        expect(mount).to.deep.equal({
          ...{ type: "bind", source: "./countersign.yaml", read_only: true },
          ...{ target: "/etc/countersign/countersign.yaml", bind: { create_host_path: false } },
        });
      }
    });

    it(`keeps what must last on named volumes: ${file}`, async () => {
      const { config } = await installed(options);
      const mounts = Object.values<Data>(services).flatMap(
        (one) => (one.volumes ?? []) as (string | object)[],
      );
      const named = mounts.flatMap((one) =>
        typeof one === "string" && !one.startsWith(".") ? [one.split(":")] : [],
      );
      expect(Object.keys(volumes)).to.have.members(named.map(([name]) => name));
      const targets = named.map(([, target]) => target);
      if (config.store.kind === "postgres") expect(targets).to.include("/var/lib/postgresql");
      else expect(targets).to.include(config.store.file.replace(/\/[^/]+$/, ""));
    });

    it(`has a demo profile that posts to the bridge and receives its events: ${file}`, async () => {
      const { config, env } = await installed(options);
      const demo = Object.entries<Data>(services).filter(([, { profiles }]) => profiles?.includes("demo"));
      expect(demo.map(([name]) => name)).to.deep.equal(["receiver", "simulate"]);
      const [to] = services.simulate.command.flatMap((arg: string) =>
        URL.canParse(arg) ? [new URL(arg)] : [],
      );
      expect(Object.keys(services)).to.include(to.hostname);
      expect(Number(to.port)).to.equal(config.server.port);
      const { code, stderr } = await runCommand([...services.simulate.command, "--help"]);
      expect([code, stderr]).to.deep.equal([0, ""]);

      const destination = new URL(config.destinations[0]?.url ?? "");
      expect([destination.hostname, destination.port]).to.deep.equal([
        "receiver",
        services.receiver.command[0],
      ]);
      const [, variable = ""] = /process\.env\.(\w+)/.exec(read("examples/receiver-node.js")) ?? [];
      expect(env).to.include.keys(variable, "LUMIN_PRIMARY_API_KEY");
    });
  }

  it("gives PostgreSQL the user, database and password of what `countersign init` writes", async () => {
    const { services }: Data = yamlOf("compose.postgres.yaml");
    const { config, env } = await installed(PLACES["compose.postgres.yaml"].options);
    const { username, hostname, pathname } = new URL(
      config.store.kind === "postgres" ? config.store.url : "",
    );
    const {
      POSTGRES_USER: user,
      POSTGRES_DB: database,
      POSTGRES_PASSWORD: password,
    } = services[hostname].environment;
    expect([username, pathname]).to.deep.equal([user, `/${database}`]);
    expect(password).to.match(/^\$\{PGPASSWORD:\?/);
    expect(env).to.include.keys("PGPASSWORD");
  });

  it("leads the proxy to both bridges, and takes one out by its readiness before it closes", async () => {
    const { services }: Data = yamlOf("compose.postgres.yaml");
    const { config } = await installed(PLACES["compose.postgres.yaml"].options);
    const caddy = read("deploy/compose/Caddyfile").replaceAll(/^\s*#.*|\s+#.*/gm, "");
    const settingOf = (name: string) => new RegExp(`^\\s*${name} ([^{\\n]+)`, "m").exec(caddy)?.[1]?.trim();
    const upstreams = PLACES["compose.postgres.yaml"].bridges.map((name) => `${name}:${config.server.port}`);
    expect(settingOf("reverse_proxy")).to.equal(upstreams.join(" "));
    expect([settingOf("health_uri"), settingOf("health_port")]).to.deep.equal([
      "/readyz",
      `${config.admin.port}`,
    ]);
    expect(2 * (parseDuration(settingOf("health_interval") ?? "") ?? Infinity)).to.be.below(config.drain);
    expect(parseDuration(settingOf("keepalive") ?? "")).to.be.below(config.server.idleTimeout);
    expect(services.proxy.volumes[0]).to.equal("./deploy/compose/Caddyfile:/etc/caddy/Caddyfile:ro");
    expect(caddy)
      .to.match(/^\thandle \/in\/\* \{/m)
      .and.not.match(/^\s*log\b/m);
  });
});
