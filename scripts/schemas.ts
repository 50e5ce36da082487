import { z } from "zod";
import { ConfigFile } from "../src/config/schema.ts";
import { MappingFile } from "../src/mapping/schema.ts";
import { ForwardedEvent } from "../src/outbound/encode.ts";
import { ParityReport } from "../src/parity/report.ts";

const SOURCES = {
  configuration: ConfigFile,
  mapping: MappingFile,
  event: ForwardedEvent,
  parity: ParityReport,
};

const SAID_OF = ["title", "description", "default", "examples", "id"] as const;

/**
 * `${NAME}` may stand for any value, also where a number, a truth value or a text of a certain form is
 * wanted.
 */
function allowReference({ jsonSchema }: { jsonSchema: z.core.JSONSchema.BaseSchema }): void {
  const { type, pattern, format } = jsonSchema;
  const isNarrow =
    type === "string" && (pattern ?? format ?? jsonSchema.enum ?? jsonSchema.const) !== undefined;
  if (!isNarrow && !["integer", "number", "boolean"].includes(String(type))) return;
  const wanted: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(jsonSchema)) {
    if (SAID_OF.some((one) => one === key)) continue;
    wanted[key] = value;
    delete jsonSchema[key];
  }
  jsonSchema.anyOf = [wanted, { type: "string", pattern: "\\$\\{.+\\}" }];
}

/**
 * The text of every file in schemas/, by name: what editors and receivers check against, made from what the
 * code checks with.
 */
export function generateSchemas(): Map<string, string> {
  return new Map(
    Object.entries(SOURCES).map(([name, schema]) => {
      const io = name === "event" || name === "parity" ? "output" : "input";
      const override = name === "configuration" ? allowReference : () => {};
      return [
        `${name}.json`,
        `${JSON.stringify(z.toJSONSchema(schema, { io, reused: "ref", override }), null, 2)}\n`,
      ];
    }),
  );
}
