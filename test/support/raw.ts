import { connect, type Socket } from "node:net";

/** A connection to a listener, for bytes that no client would send. */
export interface RawConnection {
  socket: Socket;
  write(text: string | Uint8Array): RawConnection;
  /**
   * Resolves with the next whole answer, its body by its content-length; rejects when the connection ends
   * before.
   */
  answer(): Promise<RawAnswer>;
  /** Resolves once the other side has ended the connection, or reset it. */
  closed: Promise<"ended" | "reset">;
}

export interface RawAnswer {
  status: number;
  /** As they were received, in one text. */
  head: string;
  body: string;
}

/** Opens one; the caller closes it through its socket. */
export async function openRaw(url: string): Promise<RawConnection> {
  const { port } = new URL(url);
  const socket = connect({ port: Number(port), host: "127.0.0.1", noDelay: true });
  await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
  let came = "";
  let wake = () => {};
  const end = Promise.withResolvers<"ended" | "reset">();
  socket.setEncoding("utf8");
  socket.on("data", (text: string) => {
    came += text;
    wake();
  });
  socket.on("error", () => end.resolve("reset"));
  socket.on("end", () => end.resolve("ended"));
  socket.on("close", () => end.resolve("ended"));
  end.promise.then(() => wake());

  function next(): RawAnswer | null {
    const split = came.indexOf("\r\n\r\n");
    if (split < 0) return null;
    const head = came.slice(0, split);
    const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
    const body = Buffer.from(came.slice(split + 4));
    if (body.length < length) return null;
    came = body.subarray(length).toString();
    return { status: Number(head.split(" ")[1]), head, body: body.subarray(0, length).toString() };
  }

  const connection: RawConnection = {
    socket,
    write(text) {
      socket.write(text);
      return connection;
    },
    async answer() {
      for (;;) {
        const answer = next();
        if (answer) return answer;
        if (socket.closed || socket.readableEnded || socket.errored)
          throw new Error("the connection ended without an answer");
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    closed: end.promise,
  };
  return connection;
}
