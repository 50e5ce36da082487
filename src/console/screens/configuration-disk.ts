import type { Config, LoadedConfig } from "../../config.ts";
import { noMatch } from "../elements/notice.ts";
import { settingValue } from "../elements/setting.ts";
import { status } from "../elements/status.ts";
import { table } from "../elements/table.ts";
import { foreign } from "../elements/text.ts";
import { type Content, html } from "../html.ts";
import type { Visit } from "../screen.ts";

/** The configuration's file as it is now: what is wrong with it, and how it differs from what is in force. */
export async function diskOf({ parts }: Visit): Promise<Content> {
  if (parts.load === null)
    return noMatch({ what: "There is no file.", next: "This bridge was started without one." });
  const { config, problems, warnings } = await parts.load();
  const warned = warnings.length > 0 && html`<p>Look again at:</p>${problemList(warnings)}`;
  if (!config)
    return html`<p>${status("bad", "A reload would be refused, and what is in force would stay:")}</p>${problemList(problems)}${warned}`;
  const changes = changesBetween(parts.config(), config);
  if (changes.length === 0)
    return html`<p>${status("good", "It is good, and the same as what is in force.")}</p>${warned}`;
  return html`<p>${status("warning", `It is good, and a reload would change ${changes.length === 1 ? "this" : `these ${changes.length}`}:`)}</p>
${table(
  "What a reload would change",
  [
    { heading: "setting", isName: true, cell: ({ name }) => html`<code>${foreign(name, 200)}</code>` },
    { heading: "in force", cell: ({ running }) => running },
    { heading: "on disk", cell: ({ onDisk }) => onDisk },
  ],
  changes,
)}${warned}`;
}

function problemList(problems: LoadedConfig["problems"]): Content {
  return html`<ul>${problems.map(({ file, line, column, message }) => html`<li><code>${file}:${line}:${column}</code> ${foreign(message, 1_000)}</li>`)}</ul>`;
}

interface Change {
  name: string;
  running: Content;
  onDisk: Content;
}

const ABSENT = html`<span class="note">absent</span>`;

function changesBetween(running: Config, onDisk: Config): Change[] {
  const [before, after] = [running, onDisk].map(
    (config) => new Map(config.settings().map((one) => [one.name, one])),
  );
  if (!before || !after) return [];
  const names = [...new Set([...before.keys(), ...after.keys()])];
  const settings = names.flatMap((name): Change[] => {
    const [one, other] = [before.get(name), after.get(name)];
    if (one?.digest === other?.digest) return [];
    return [
      { name, running: one ? settingValue(one) : ABSENT, onDisk: other ? settingValue(other) : ABSENT },
    ];
  });
  return [...settings, ...mappingChanges(running, onDisk)];
}

/** A mapping is a file of its own, which may have changed behind the same name. */
function mappingChanges(running: Config, onDisk: Config): Change[] {
  const digestsOf = ({ channels }: Config) =>
    new Map(channels.map(({ source, mapping }) => [source, mapping.digest]));
  const [before, after] = [digestsOf(running), digestsOf(onDisk)];
  return [...before].flatMap(([source, digest]) => {
    const other = after.get(source);
    return other === undefined || other === digest
      ? []
      : [{ name: `mapping of ${source}`, running: digest, onDisk: other }];
  });
}
