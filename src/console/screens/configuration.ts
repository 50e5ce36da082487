import type { Config } from "../../config.ts";
import { CountersignError } from "../../domain/errors.ts";
import { plural } from "../../domain/quantity.ts";
import { actionForm, addressOf, filters } from "../elements/form.ts";
import { noMatch } from "../elements/notice.ts";
import { settingValue } from "../elements/setting.ts";
import { status } from "../elements/status.ts";
import { facts, section, table } from "../elements/table.ts";
import { foreign } from "../elements/text.ts";
import { momentAndWhen, when } from "../elements/time.ts";
import { withoutEmpty } from "../fields.ts";
import { type Content, html } from "../html.ts";
import type { Action, Screen, Visit } from "../screen.ts";
import { diskOf } from "./configuration-disk.ts";

type Setting = ReturnType<Config["settings"]>[number];

const SEARCH = { name: "search", label: "Search", placeholder: "a name or a value", isSearch: true };

/** What is in force, without secrets, and on demand what the file on disk would change. */
export const configurationScreen: Screen = {
  path: "/configuration",
  section: "configuration",
  async show(visit) {
    const { parts, query, now } = visit;
    const { check, all, search } = withoutEmpty(query);
    const config = parts.config();
    const { loadedAt, last } = parts.reloads();
    const settings = config.settings();
    const wanted = (search ?? "").toLowerCase();
    const shown = settings.filter(
      (one) => (all !== undefined || one.place !== null || wanted !== "") && textOf(one).includes(wanted),
    );
    return {
      title: "Configuration",
      sentence: html`<code>${config.file}</code> is in force as it was ${when(loadedAt, now)}${last?.problem != null && html`; <strong>the last reload was refused</strong>`}.`,
      body: html`${facts([
        ["loaded", momentAndWhen(loadedAt, now)],
        ["last reload", lastReload(last, now)],
        ["sources", plural(new Set(config.channels.map(({ source }) => source)).size, "source")],
        ["destinations", plural(config.destinations.length, "destination")],
      ])}
${check === undefined ? html`<p><a href="${addressOf(visit.address, { check: "1" })}">Check the file on disk</a>: what is wrong with it, and what a reload would change.</p>` : section("The file on disk", await diskOf(visit))}
${reloadForm(visit)}
${section(
  "Settings in force",
  html`${filters("/configuration", [SEARCH], withoutEmpty({ search: search ?? "" }), all === undefined ? {} : { all })}
<p>${all === undefined ? html`What the file says. <a href="${addressOf(visit.address, { all: "1" })}">Show defaults as well</a>` : html`What the file says, and every default. <a href="${addressOf(visit.address, { all: null })}">Leave out the defaults</a>`}. Secrets are not shown.</p>
${shown.length > 0 ? list(shown) : noMatch({ what: "No setting matches.", next: html`<a href="/configuration?all=1">Show all settings</a>, also defaults.` })}`,
)}`,
      live: false,
    };
  },
};

function lastReload(last: ReturnType<Visit["parts"]["reloads"]>["last"], now: number): Content {
  if (last === null) return "none since the start";
  if (last.problem === null) return html`${status("good", "went well")} ${when(last.at, now)}`;
  return html`${status("bad", "refused")} ${when(last.at, now)}: ${foreign(last.problem, 2_000)} The configuration before stayed in force.`;
}

function reloadForm(visit: Visit): Content {
  if (visit.parts.load === null)
    return html`<p class="note">This bridge was started without a file, so there is nothing to reload.</p>`;
  return html`<details><summary>Reload</summary>
<p>Sources, destinations, alerts and mappings are taken from the file again, all or nothing. Listeners and the
store need a restart.</p>
${actionForm({ action: "/configuration/reload", fields: {}, button: "Reload the configuration" }, visit)}</details>`;
}

function textOf({ name, value }: Setting): string {
  return `${name} ${value ?? ""}`.toLowerCase();
}

function list(settings: readonly Setting[]): Content {
  return table(
    "Settings in force",
    [
      { heading: "setting", isName: true, cell: ({ name }) => html`<code>${foreign(name, 200)}</code>` },
      { heading: "value", cell: settingValue },
      { heading: "from", cell: placeOf },
    ],
    settings,
  );
}

function placeOf({ place, origin }: Setting): Content {
  if (place === null) return html`<span class="note">default</span>`;
  return html`${place.file}:${place.line}${origin !== null && html`, from ${foreign(origin, 80)}`}`;
}

export const reloadAction: Action = {
  path: "/configuration/reload",
  async act({ parts }, _form, mandate) {
    if (parts.load === null)
      throw new CountersignError(
        "conflict",
        "this bridge was started without a file: there is nothing to reload",
      );
    await parts.operations.reload(mandate);
    return { to: "/configuration", said: "The configuration is reloaded." };
  },
};
