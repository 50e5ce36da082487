import type { ParityReport } from "../../src/parity/report.ts";
import { aParityBridge, type ParityBridge } from "../cli/parity-bridge.ts";
import { aWindow, DAY, toldBy, without } from "../parity/window.ts";

const SIDES = ["--source", "legalesign", "--old", "batch", "--new", "realtime", "--since", "7d"];

/** A bridge with sixty documents that two channels told, of which the new one lost some signatures. */
export function aComparedBridge(losses: number): Promise<ParityBridge> {
  const channels = ["batch", "realtime"];
  const whole = aWindow({ documents: 60, signers: 1, channels, start: Date.now() - 6 * DAY });
  const signed = toldBy(whole, channels).filter(({ type }) => type === "signer.signed");
  return aParityBridge(without(whole, new Set(signed.slice(0, losses)), ["realtime"]));
}

/** The report of its two channels, which the bridge keeps. */
export async function compare(run: ParityBridge["run"]): Promise<ParityReport> {
  return JSON.parse((await run("parity", ...SIDES, "--json")).stdout);
}
