import { execFileSync } from "node:child_process";
import { createPrivateKey, type KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * An RSA key of a test's own, and `legalesign.pem`, a self-signed certificate for it, in the folder; null
 * where there is no openssl.
 */
export function makeRsaCertificate(folder: string): KeyObject | null {
  const key = join(folder, "legalesign.key");
  const files = ["-keyout", key, "-out", join(folder, "legalesign.pem")];
  const request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=Legalesign"];
  try {
    execFileSync("openssl", [...request, ...files], { stdio: "pipe" });
  } catch {
    return null;
  }
  return createPrivateKey(readFileSync(key));
}
