import { randomBytes } from "node:crypto";
import { newSecret } from "../outbound/sign.ts";
import type { SetUpCommand } from "./commands.ts";

export const secretCommand: SetUpCommand = (command, { stdout }, done) => {
  command.action(() => {
    stdout.write(`${newSecret(randomBytes)}\n`);
    done(0);
  });
};
