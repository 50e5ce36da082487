import { z } from "zod";
import { ConfigFile } from "../src/config/schema.ts";
import { MappingFile } from "../src/mapping/schema.ts";
import { ForwardedEvent } from "../src/outbound/encode.ts";

const SOURCES = { configuration: ConfigFile, mapping: MappingFile, event: ForwardedEvent };

/** The text of every file in schemas/, by name: what editors and receivers check against, made from what the code checks with. */
export function generateSchemas(): Map<string, string> {
  return new Map(
    Object.entries(SOURCES).map(([name, schema]) => {
      const io = name === "event" ? "output" : "input";
      return [`${name}.json`, `${JSON.stringify(z.toJSONSchema(schema, { io, reused: "ref" }), null, 2)}\n`];
    }),
  );
}
