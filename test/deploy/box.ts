import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { getuid } from "node:process";
import { pathOf } from "./files.ts";

/**
 * The file tree of the image, run as the image runs it where no container engine is at hand: as user 65532
 * without rights, on a read-only root of its own with a small `/tmp`, and with the environment of the image.
 * Only C libraries, `/dev` and `/proc` are those of this machine. It takes root and Linux.
 */
export interface Box {
  /** Its root, as this process sees it. */
  root: string;
  /** Starts the program of the image; the process is Node itself. */
  start(args: readonly string[]): ChildProcess;
  run(args: readonly string[]): Promise<{ code: number | null; stdout: string; stderr: string }>;
}

const USER = 65_532;
const HOST_FOLDERS = ["lib", "lib64", "usr/lib", "dev", "proc"];

/** Why there can be no box here; null: there can. */
export function whyNoBox(): string | null {
  if (process.platform !== "linux" || getuid?.() !== 0) return "it takes root and Linux";
  const { status } = spawnSync("unshare", ["--mount", "true"]);
  return status === 0 ? null : "this machine allows no mounts of its own";
}

/** `$0` is the root, `$1` the Node of this machine; then come the arguments of the program. */
const ENTER = `
root=$0; node=$1; shift
mount --make-rprivate /
mount --bind "$root" "$root"
for folder in ${HOST_FOLDERS.join(" ")}; do
  if [ -d "/$folder" ]; then mount --rbind "/$folder" "$root/$folder"; fi
done
mount --bind "$node" "$root/nodejs/bin/node"
mount --bind "$root/data" "$root/data"
mount -t tmpfs -o size=16m tmpfs "$root/tmp"
mount -o remount,bind,ro "$root"
exec env --ignore-environment PATH=/usr/sbin:/usr/bin:/sbin:/bin NODE_ENV=production COUNTERSIGN_CONFIG=/etc/countersign/countersign.yaml \\
  chroot --userspec=${USER}:${USER} --groups= "$root" /nodejs/bin/node /app/dist/main.js "$@"
`;

/** Assembles the tree in `root`, an empty folder, with this configuration. */
export function makeBox(root: string, configuration: string): Box {
  execFileSync(process.execPath, ["scripts/image-tree.ts", root], { cwd: pathOf(".") });
  for (const folder of [...HOST_FOLDERS, "nodejs/bin", "tmp", "etc/countersign"])
    mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, "nodejs/bin/node"), "");
  writeFileSync(join(root, "etc/countersign/countersign.yaml"), configuration);
  // A temporary folder is for its owner alone; the root of a container is not.
  chmodSync(root, 0o755);
  chownSync(join(root, "data"), USER, USER);
  const start = (args: readonly string[]) =>
    spawn("unshare", ["--mount", "sh", "-e", "-c", ENTER, root, process.execPath, ...args], {
      stdio: ["ignore", "pipe", "pipe"],
    });
  return {
    root,
    start,
    async run(args) {
      const child = start(args);
      const said = { stdout: "", stderr: "" };
      for (const stream of ["stdout", "stderr"] as const)
        child[stream].on("data", (chunk) => {
          said[stream] += chunk;
        });
      const [code] = await once(child, "close");
      return { code, ...said };
    },
  };
}
