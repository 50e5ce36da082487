import { type Concern, type ConcernSubject, idOf } from "./concern.ts";
import { KINDS, type Kind, type KindDefinition } from "./kinds.ts";

type NamesIn<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? Name | NamesIn<Rest>
  : never;

type TextsOf<K extends Kind> = Extract<(typeof KINDS)[K]["sentence" | "advice" | "command" | "ends"], string>;

/** The facts that the texts of a kind have places for. */
export type FactsOf<K extends Kind> = Readonly<Record<NamesIn<TextsOf<K>>, string>>;

export interface Raised<K extends Kind> {
  subject: ConcernSubject;
  since: number;
  /** Absent: 1. */
  count?: number;
  /** The special case that the kind's `otherwise` names. Absent: it is not so. */
  otherwise?: boolean;
  facts: FactsOf<K>;
}

/** A concern in the words of its kind. */
export function raise<K extends Kind>(kind: K, raised: Raised<K>): Concern {
  const { subject, since, count = 1, otherwise = false, facts } = raised;
  const definition: KindDefinition = KINDS[kind];
  const fill = (text: string) => filled(text, facts);
  return {
    id: idOf(kind, subject),
    kind,
    severity: (otherwise && definition.otherwise?.severity) || definition.severity,
    since,
    subject,
    count,
    sentence: fill(definition.sentence),
    advice: fill(definition.advice),
    command: definition.command === null ? null : fill(definition.command),
    ends: fill(definition.ends),
  };
}

function filled(text: string, facts: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\{(\w+)\}/g, (_, name: string) => facts[name] ?? "");
}
