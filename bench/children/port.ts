import type { Server } from "node:http";
import type { AddressInfo } from "node:net";

/** The free port of this machine alone that the server listens on from now on. */
export async function portOf(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}
