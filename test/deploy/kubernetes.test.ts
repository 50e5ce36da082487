import { existsSync, globSync, writeFileSync } from "node:fs";
import { basename, dirname, join, normalize } from "node:path";
import { expect } from "chai";
import { type Config, parseConfig } from "../../src/config.ts";
import { newSecret } from "../../src/outbound/sign.ts";
import { createMetrics } from "../../src/web/metrics.ts";
import { aFolder, tidy } from "../support/bridge.ts";
import { createManualClock } from "../support/clock.ts";
import { type Data, execFormOf, pathOf, read, stagesOf, yamlOf } from "./files.ts";

const FOLDER = "deploy/kubernetes";
const WORKLOADS = {
  sqlite: `${FOLDER}/overlays/sqlite/stateful-set.yaml`,
  postgres: `${FOLDER}/overlays/postgres/deployment.yaml`,
} as const;
const { version } = JSON.parse(read("package.json"));
const LABELS = { "app.kubernetes.io/name": "countersign" };
const SECRETS = "/run/secrets/countersign";

/** The manifests of a kustomization and of its bases. */
function resourcesOf(folder: string): Data[] {
  const { resources }: Data = yamlOf(join(folder, "kustomization.yaml"));
  return resources.flatMap((resource: string) => {
    const path = normalize(join(folder, resource));
    return path.endsWith(".yaml") ? [yamlOf(path)] : resourcesOf(path);
  });
}
const onlyOf = (resources: readonly Data[], kind: string, name = "countersign") => {
  const found = resources.filter((one) => one.kind === kind && one.metadata.name === name);
  expect(found, `${kind} ${name}`).to.have.length(1);
  return found[0];
};
const podOf = (workload: Data): Data => workload.spec.template.spec;

/** The configuration of an overlay, with its secrets in files of this machine. */
async function configOf(overlay: string): Promise<Config> {
  const folder = aFolder();
  const text = read(`${FOLDER}/overlays/${overlay}/countersign.yaml`);
  for (const [, name = ""] of text.matchAll(new RegExp(`\\$\\{file:${SECRETS}/(\\w+)\\}`, "g")))
    writeFileSync(
      join(folder, name),
      `${newSecret(() => new Uint8Array(32).map((_, i) => i + name.length))}\n`,
    );
  const here = text.replaceAll(SECRETS, folder);
  const { config, problems } = await parseConfig(here, "/etc/countersign/countersign.yaml", {});
  expect(problems).to.deep.equal([]);
  if (!config) throw new Error("the configuration is wrong");
  return config;
}

describe("the Kubernetes manifests", () => {
  afterEach(tidy);

  it("are all listed by a kustomization", () => {
    for (const folder of ["base", "overlays/sqlite", "overlays/postgres", "monitoring"]) {
      const { resources, configMapGenerator = [] }: Data = yamlOf(`${FOLDER}/${folder}/kustomization.yaml`);
      const listed = [...resources, ...configMapGenerator.flatMap(({ files }: Data) => files)];
      for (const file of listed) expect(existsSync(pathOf(join(FOLDER, folder, file))), file).to.equal(true);
      const here = globSync("*", { cwd: pathOf(`${FOLDER}/${folder}`) }).filter((file) => file.includes("."));
      expect(["kustomization.yaml", ...listed.filter((file) => !file.startsWith(".."))]).to.have.members(
        here,
      );
    }
  });

  for (const [overlay, file] of Object.entries(WORKLOADS)) {
    const resources = resourcesOf(`${FOLDER}/overlays/${overlay}`);
    const workload = yamlOf(file);
    const pod = podOf(workload);
    const [container] = pod.containers;

    it(`take an image of this version, by the kustomization: ${overlay}`, () => {
      const { images }: Data = yamlOf(`${FOLDER}/overlays/${overlay}/kustomization.yaml`);
      expect(images[0]).to.include({ name: "countersign", newTag: version });
      expect(container.image).to.equal(`countersign:${version}`);
      expect(container.args).to.deep.equal(execFormOf(stagesOf(read("Dockerfile")).at(-1) ?? never(), "CMD"));
      expect(container).not.to.have.property("command");
    });

    it(`ask the admin listener for startup and liveness at /livez, and for readiness at /readyz: ${overlay}`, () => {
      const asked = (probe: string) => container[probe].httpGet;
      expect(asked("startupProbe")).to.deep.equal({ path: "/livez", port: "admin" });
      expect(asked("livenessProbe")).to.deep.equal({ path: "/livez", port: "admin" });
      expect(asked("readinessProbe")).to.deep.equal({ path: "/readyz", port: "admin" });
      // A check of /readyz fails after five seconds, with an answer; a database is waited for half a minute.
      expect(container.readinessProbe.timeoutSeconds).to.be.above(5);
      expect(container.startupProbe.periodSeconds * container.startupProbe.failureThreshold).to.be.above(60);
    });

    it(`give the program the ports that it listens on, on all addresses: ${overlay}`, async () => {
      const { server, admin } = await configOf(overlay);
      expect(container.ports).to.deep.equal([
        { name: "http", containerPort: server.port },
        { name: "admin", containerPort: admin.port },
      ]);
      expect([server.host, admin.host, admin.token === null]).to.deep.equal(["0.0.0.0", "0.0.0.0", false]);
    });

    it(`leave a stop more time than it takes, and drain it for five seconds: ${overlay}`, async () => {
      const { drain, shutdown } = await configOf(overlay);
      expect(drain).to.equal(5_000);
      expect(pod.terminationGracePeriodSeconds * 1_000).to.be.at.least(drain + shutdown + 10_000);
      expect(drain).to.be.above(2 * container.readinessProbe.periodSeconds * 1_000);
    });

    it(`run as the user of the image, without rights, on a read-only root: ${overlay}`, () => {
      expect(pod.securityContext).to.deep.include({
        ...{ runAsNonRoot: true, runAsUser: 65532, runAsGroup: 65532, fsGroup: 65532 },
        seccompProfile: { type: "RuntimeDefault" },
      });
      expect(container.securityContext).to.deep.equal({
        ...{ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } },
      });
      expect(pod.automountServiceAccountToken).to.equal(false);
    });

    it(`mount the configuration and the secrets where both are looked for: ${overlay}`, async () => {
      const mounts = new Map<string, string>(
        container.volumeMounts.map(({ mountPath, name }: Data) => [mountPath, name]),
      );
      const volumes = new Map<string, Data>(pod.volumes.map(({ name, ...rest }: Data) => [name, rest]));
      expect(volumes.get(mounts.get("/etc/countersign") ?? "")).to.deep.equal({
        configMap: { name: "countersign" },
      });
      const { configMapGenerator }: Data = yamlOf(`${FOLDER}/overlays/${overlay}/kustomization.yaml`);
      expect(configMapGenerator).to.deep.equal([{ name: "countersign", files: ["countersign.yaml"] }]);
      // Readable by the group, which is the pod's.
      expect(volumes.get(mounts.get(SECRETS) ?? "")).to.deep.equal({
        secret: { secretName: "countersign", defaultMode: 0o440 },
      });
      expect([...volumes.keys(), ...(overlay === "sqlite" ? ["data"] : [])]).to.have.members([
        ...mounts.values(),
      ]);
      expect(read(`${FOLDER}/overlays/${overlay}/countersign.yaml`)).not.to.match(
        /\$\{(?!file:\/run\/secrets\/countersign\/|file:…)/,
      );
    });

    it(`select the pods by their labels, in Services and budget: ${overlay}`, () => {
      expect(workload.spec.template.metadata.labels).to.deep.equal(LABELS);
      expect(workload.spec.selector).to.deep.equal({ matchLabels: LABELS });
      const services = [onlyOf(resources, "Service"), onlyOf(resources, "Service", "countersign-admin")];
      for (const { spec } of services) {
        expect(spec.selector).to.deep.equal(LABELS);
        expect(spec.type).to.equal(undefined); // within the cluster alone
      }
      expect(services.map(({ spec }) => spec.ports[0].targetPort)).to.deep.equal(["http", "admin"]);
      const budget = onlyOf(resources, "PodDisruptionBudget");
      expect(budget.spec).to.deep.equal({ maxUnavailable: 1, selector: { matchLabels: LABELS } });
    });
  }

  it("keep a SQLite file on the volume of the only pod", async () => {
    const { spec } = yamlOf(WORKLOADS.sqlite);
    expect([yamlOf(WORKLOADS.sqlite).kind, spec.replicas]).to.deep.equal(["StatefulSet", 1]);
    const [claim] = spec.volumeClaimTemplates;
    expect(claim.spec.accessModes).to.deep.equal(["ReadWriteOnce"]);
    const mount = podOf({ spec }).containers[0].volumeMounts.find(
      ({ name }: Data) => name === claim.metadata.name,
    );
    const { store } = await configOf("sqlite");
    expect(store.kind === "sqlite" && dirname(store.file)).to.equal(mount.mountPath);
    expect(onlyOf(resourcesOf(`${FOLDER}/base`), "Service").metadata.name).to.equal(spec.serviceName);
  });

  it("replace the pods of PostgreSQL one after the other, spread over machines, with the password of its user", async () => {
    const { kind, spec } = yamlOf(WORKLOADS.postgres);
    expect([kind, spec.replicas > 1]).to.deep.equal(["Deployment", true]);
    expect(spec.strategy.rollingUpdate).to.deep.equal({ maxUnavailable: 0, maxSurge: 1 });
    const pod = podOf({ spec });
    expect(pod.topologySpreadConstraints.map(({ topologyKey }: Data) => topologyKey)).to.include(
      "kubernetes.io/hostname",
    );
    const { store } = await configOf("postgres");
    expect(store.kind === "postgres" && new URL(store.url).password).to.equal("");
    expect(pod.containers[0].env).to.deep.equal([
      { name: "PGPASSWORD", valueFrom: { secretKeyRef: { name: "countersign", key: "PGPASSWORD" } } },
    ]);
  });

  it("differ between the overlays only in data, database and spread", () => {
    const [sqlite, postgres] = Object.values(WORKLOADS).map((file) => podOf(yamlOf(file)));
    const { topologySpreadConstraints: _, ...rest } = postgres;
    const { env: __, ...container } = rest.containers[0];
    const volumeMounts = [...container.volumeMounts, { name: "data", mountPath: "/data" }];
    expect({ ...rest, containers: [{ ...container, volumeMounts }] }).to.deep.equal(sqlite);
  });
});

describe("the monitoring of Kubernetes", () => {
  let known: ReadonlySet<string>;
  before(async () => {
    const metrics = createMetrics({
      version,
      clock: createManualClock(Date.UTC(2026, 0, 1)),
      backlog: async () => [],
      problems: async () => 0,
      states: () => [],
      concerns: async () => [],
      proofs: async () => [],
    });
    const { text } = await metrics.scrape();
    known = new Set(
      [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].flatMap(([, name = "", type]) =>
        type === "histogram" ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
      ),
    );
  });
  const namedIn = (text: string) => [...new Set(text.match(/countersign_\w+/g))];

  it("scrapes the admin Service", () => {
    const { spec } = yamlOf(`${FOLDER}/monitoring/service-monitor.yaml`);
    const service = yamlOf(`${FOLDER}/base/service-admin.yaml`);
    expect(service.metadata.labels).to.include(spec.selector.matchLabels);
    expect(yamlOf(`${FOLDER}/base/service.yaml`).metadata.labels).to.equal(undefined);
    expect(spec.endpoints[0]).to.include({ port: service.spec.ports[0].name, path: "/metrics" });
  });

  it("alerts by the expressions of docs/metrics.md, and by no other", () => {
    const { spec } = yamlOf(`${FOLDER}/monitoring/prometheus-rule.yaml`);
    const rules = spec.groups.flatMap(({ rules }: Data) => rules);
    const [, section = ""] = read("docs/metrics.md").split("\n## Alerts\n");
    const documented = [...section.matchAll(/^\| [^|]+ \| `([^`]+)` \|$/gm)].map(
      ([, expression]) => expression,
    );
    expect(documented).not.to.have.length(0);
    expect(rules.map(({ expr }: Data) => expr)).to.deep.equal(documented);
    for (const { alert, labels, annotations } of rules) {
      expect(alert).to.match(/^Countersign[A-Z]\w+$/);
      expect(["warning", "critical"]).to.include(labels.severity);
      expect(annotations).to.have.keys("summary", "description");
    }
  });

  it("shows metrics that exist, and every one of them but what a panel cannot show", () => {
    const dashboard = read(`${FOLDER}/monitoring/dashboard.json`);
    const { panels }: Data = JSON.parse(dashboard);
    const expressions = panels
      .flatMap(({ targets }: Data) => targets.map(({ expr }: Data) => expr))
      .join("\n");
    expect(namedIn(expressions).filter((name) => !known.has(name))).to.deep.equal([]);
    const shown = new Set(namedIn(expressions).map((name) => name.replace(/_bucket$/, "")));
    const all = [...known]
      .filter((name) => !/_(sum|count)$/.test(name))
      .map((name) => name.replace(/_bucket$/, ""));
    expect(all.filter((name) => name.startsWith("countersign_") && !shown.has(name))).to.deep.equal([]);
    const ids = panels.map(({ id }: Data) => id);
    expect(new Set(ids).size).to.equal(ids.length);
  });

  it("uses labels that the metrics have, in alerts and panels", () => {
    const table = read("docs/metrics.md").matchAll(/^\| `(countersign_\w+)` \| \w+ \| ([^|]*) \|/gm);
    const labels = new Map(
      [...table].map(([, name = "", listed = ""]) => [name, listed.match(/\w+/g) ?? []]),
    );
    const { panels }: Data = JSON.parse(read(`${FOLDER}/monitoring/dashboard.json`));
    const { spec } = yamlOf(`${FOLDER}/monitoring/prometheus-rule.yaml`);
    const pairs: [string, string][] = [
      ...panels.flatMap(({ targets }: Data) =>
        targets.map(({ expr, legendFormat }: Data) => [expr, legendFormat]),
      ),
      ...spec.groups[0].rules.map(({ expr, annotations }: Data) => [expr, JSON.stringify(annotations)]),
    ];
    for (const [expression, text] of pairs) {
      const name = basename(/countersign_\w+/.exec(expression)?.[0] ?? "").replace(/_bucket$/, "");
      const used = [...text.matchAll(/\{\{ ?(?:\$labels\.)?(\w+) ?\}\}/g)].map(([, label = ""]) => label);
      for (const label of used)
        expect([...(labels.get(name) ?? []), "instance"], `${name} ${text}`).to.include(label);
    }
  });
});

function never(): never {
  throw new Error("there is no stage");
}
