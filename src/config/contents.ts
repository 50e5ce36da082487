import type { FileContent, FileProblem } from "../yaml.ts";

/** A content that is as long as this is no word that a message could have by itself; characters. */
const MIN_CONTENT_LENGTH = 6;
const STAND_IN = "…";

/**
 * The problems without what files hold that the configuration refers to: messages quote a value that is
 * wrong, and the value of a file may be a secret in the wrong place. A short content is looked for only at
 * the scalar that refers to the file.
 */
export function concealContents<Problem extends FileProblem>(
  problems: readonly Problem[],
  contents: readonly FileContent[],
): Problem[] {
  return problems.map((problem) => ({ ...problem, message: concealIn(problem, contents) }));
}

function concealIn(problem: FileProblem, contents: readonly FileContent[]): string {
  let { message } = problem;
  for (const { position, texts } of contents) {
    const isHere = position.line === problem.line && position.column === problem.column;
    for (const text of texts.flatMap(formsOf)) {
      if (isHere || text.length >= MIN_CONTENT_LENGTH) message = message.replaceAll(asWord(text), STAND_IN);
    }
  }
  return message;
}

/** As a message may show it; long forms first. */
function formsOf(text: string): string[] {
  const trimmed = text.trim();
  const lines = text.split(/[\r\n]+/).filter((line) => line.trim() !== "");
  const forms = [JSON.stringify(text), text, trimmed, trimmed.toLowerCase(), ...lines];
  return [...new Set(forms)].filter((form) => form !== "").sort((a, b) => b.length - a.length);
}

/** Not within a word: a content of one letter must not take letters out of a message. */
function asWord(text: string): RegExp {
  const literal = text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`(?<!\\w(?=\\w))${literal}(?!(?<=\\w)\\w)`, "g");
}
