import { randomBytes } from "node:crypto";
import { newSecret } from "../outbound/sign.ts";
import type { AddCommand } from "./terminal.ts";

export const secretCommand: AddCommand = (program, { stdout }, done) => {
  program
    .command("secret")
    .description("print a new secret to sign a destination's events with")
    .action(() => {
      stdout.write(`${newSecret(randomBytes)}\n`);
      done(0);
    });
};
