import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import { gunzipSync } from "node:zlib";
import { listenUntilTidy } from "../support/bridge.ts";
import { until } from "../support/until.ts";
import { bytesIn, type Fields, hexIn, messagesIn, numberIn, readMessage, textIn } from "./protobuf.ts";

/** A span as it came. Ids in hexadecimal; a parent of "" is none. */
export interface CollectedSpan {
  name: string;
  kind: string;
  traceId: string;
  spanId: string;
  parent: string;
  links: { traceId: string; spanId: string }[];
  attributes: Record<string, unknown>;
  failed: boolean;
  resource: Record<string, unknown>;
}

export interface Collector {
  /** For `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  url: string;
  spans: readonly CollectedSpan[];
  requests: readonly { path: string; headers: IncomingHttpHeaders }[];
  /** Everything that came, as text. */
  text(): string;
  /** Resolves with the spans once there are so many whose name begins so. */
  got(count: number, name: string): Promise<readonly CollectedSpan[]>;
}

const KINDS = ["unspecified", "internal", "server", "client", "producer", "consumer"];

/** A real OTLP receiver of traces in protocol buffers, on a free port until `tidy`. */
export async function startCollector(
  answer: (response: ServerResponse) => void = (response) => void response.end(),
): Promise<Collector> {
  const spans: CollectedSpan[] = [];
  const requests: { path: string; headers: IncomingHttpHeaders }[] = [];
  const bodies: Buffer[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const sent = Buffer.concat(chunks);
    const body = request.headers["content-encoding"] === "gzip" ? gunzipSync(sent) : sent;
    requests.push({ path: request.url ?? "", headers: request.headers });
    bodies.push(body);
    if (request.headers["content-type"] === "application/x-protobuf") spans.push(...spansIn(body));
    answer(response);
  });
  const url = await listenUntilTidy(server);
  return {
    ...{ url, spans, requests },
    text: () => bodies.map(String).join("\n"),
    async got(count, name) {
      const found = () => spans.filter((span) => span.name.startsWith(name));
      await until(() => found().length >= count, `the collector has ${count} spans ${name}`);
      return found();
    },
  };
}

/** https://github.com/open-telemetry/opentelemetry-proto: trace/v1/trace.proto */
function spansIn(body: Buffer): CollectedSpan[] {
  return messagesIn(readMessage(body), 1).flatMap((resourceSpans) => {
    const resource = attributesIn(messagesIn(resourceSpans, 1)[0] ?? new Map(), 1);
    return messagesIn(resourceSpans, 2).flatMap((scopeSpans) =>
      messagesIn(scopeSpans, 2).map((span) => ({
        name: textIn(span, 5) ?? "",
        kind: KINDS[numberIn(span, 6)] ?? "",
        ...{ traceId: hexIn(span, 1), spanId: hexIn(span, 2), parent: hexIn(span, 4) },
        links: messagesIn(span, 13).map((link) => ({ traceId: hexIn(link, 1), spanId: hexIn(link, 2) })),
        attributes: attributesIn(span, 9),
        failed: messagesIn(span, 15).some((status) => numberIn(status, 3) === 2),
        resource,
      })),
    );
  });
}

function attributesIn(fields: Fields, number: number): Record<string, unknown> {
  return Object.fromEntries(
    messagesIn(fields, number).map((pair) => [
      textIn(pair, 1),
      anyValue(messagesIn(pair, 2)[0] ?? new Map()),
    ]),
  );
}

function anyValue(value: Fields): unknown {
  if (value.has(1)) return bytesIn(value, 1)[0]?.toString();
  if (value.has(2)) return numberIn(value, 2) === 1;
  return value.has(3) ? numberIn(value, 3) : undefined;
}
