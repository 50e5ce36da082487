import { globSync, readFileSync } from "node:fs";
import { expect } from "chai";
import { pino } from "pino";
import { LOG_FIELDS } from "../../src/log/fields.ts";
import { createLog, LOG_EVENTS, type Log, type LogEventName } from "../../src/log/log.ts";

const NAMES = Object.keys(LOG_EVENTS) as LogEventName[];
const SAMPLES = {
  text: "text",
  number: 3,
  boolean: true,
  counts: { events: 2 },
  error: new TypeError("broken"),
};

describe("the log", () => {
  let lines: Record<string, unknown>[];
  let log: Log;
  beforeEach(() => {
    lines = [];
    log = createLog(pino({ level: "trace" }, { write: (line) => lines.push(JSON.parse(line)) }));
  });

  for (const name of NAMES) {
    it(`writes ${name} with its level, its message and all of its fields`, () => {
      const { level, message, fields } = LOG_EVENTS[name];
      const given = Object.fromEntries(fields.map((field) => [field, SAMPLES[LOG_FIELDS[field].kind]]));
      (log as (event: LogEventName, fields: object) => void)(name, given);
      const [line = {}] = lines;
      expect(line).to.include({ event: name, level: pino.levels.values[level], msg: message });
      const own = ["level", "time", "pid", "hostname", "event", "msg"];
      expect(Object.keys(line)).to.have.members([...own, ...fields]);
    });
  }

  it("omits absent values and fields that the event does not list", () => {
    const given = { channels: 1, destinations: undefined, secret: "planted" };
    log("config.reloaded", given);
    expect(lines[0]).to.include({ event: "config.reloaded", channels: 1 });
    expect(lines[0]).not.to.have.any.keys("destinations", "secret");
  });

  it("accepts only listed events and fields, and requires every field", () => {
    // @ts-expect-error there is no such event
    expect(() => log("delivery.vanished")).to.throw();
    // @ts-expect-error a field is missing
    log("destination.paused", { destination: "crm" });
    // @ts-expect-error a field is of another kind
    log("destination.resumed", { destination: 7 });
    // @ts-expect-error a field is not listed
    log("destination.resumed", { destination: "crm", url: "http://example.org/" });
    // @ts-expect-error the event has no fields
    log("process.stopped", { destination: "crm" });
    expect(lines).to.have.length(4);
  });
});

describe("the events of the log", () => {
  it("are named as noun and participle, in lower case", () => {
    expect(NAMES.filter((name) => !/^[a-z]+\.[a-z_]+$/.test(name))).to.deep.equal([]);
  });

  it("have messages and meanings of their own, as plain sentences", () => {
    const events = Object.values(LOG_EVENTS);
    expect(new Set(events.map(({ message }) => message)).size).to.equal(events.length);
    for (const { message, meaning, action } of events) {
      expect(message).to.match(/^[a-z].*[^.]$/);
      for (const sentence of [meaning, action]) expect(sentence).to.match(/^[A-Z`].*\.$/);
    }
  });

  it("use every documented field", () => {
    const used = new Set<string>(Object.values(LOG_EVENTS).flatMap(({ fields }) => fields));
    expect(Object.keys(LOG_FIELDS).filter((field) => !used.has(field))).to.deep.equal([]);
  });

  it("are written by observers, and no other module writes to the log", () => {
    const src = new URL("../../src/", import.meta.url);
    const read = (file: string) => readFileSync(new URL(file, src), "utf8");
    const files = globSync("**/*.ts", { cwd: src });
    const observers = files
      .filter((file) => file.startsWith("observe/"))
      .map(read)
      .join("\n");
    expect(NAMES.filter((name) => !observers.includes(`"${name}"`))).to.deep.equal([]);
    const logging = files.filter((file) => /from "pino"|log\/log\.ts"/.test(read(file)));
    expect(logging).to.have.members([
      "app.ts",
      "cli/demo/installation.ts",
      "log/log.ts",
      "log/output.ts",
      "observe/observers.ts",
      "observe/process.ts",
    ]);
  });
});
