/**
 * The beginning of a JSON text, set out over lines. Nothing is parsed: numbers keep every digit, texts every
 * escape, and members their order, also repeated ones. What is no JSON comes out as it is. At most `max`
 * characters of the text are taken.
 */
export function setOut(whole: string, max: number): string {
  const text = whole.slice(0, max);
  const out: string[] = [];
  let depth = 0;
  const line = () => `\n${"  ".repeat(Math.min(depth, MAX_INDENT))}`;
  TOKEN.lastIndex = 0;
  for (let found = TOKEN.exec(text); found; found = TOKEN.exec(text)) {
    const [token] = found;
    if (/^[[{]$/.test(token)) {
      const isEmpty = EMPTY_REST.test(text.slice(TOKEN.lastIndex, TOKEN.lastIndex + 100));
      depth += 1;
      out.push(isEmpty ? token : `${token}${line()}`);
    } else if (/^[\]}]$/.test(token)) {
      depth = Math.max(0, depth - 1);
      const isEmpty = /[[{]$/.test(out.at(-1) ?? "");
      out.push(isEmpty ? token : `${line()}${token}`);
    } else if (token === ",") out.push(`,${line()}`);
    else out.push(token === ":" ? ": " : token);
  }
  return out.join("");
}

/** A text, one sign, or anything else without white space around. A text without an end goes to the end. */
const TOKEN = /"(?:[^"\\]|\\.)*(?:"|$)|[[\]{},:]|[^\s[\]{},:"]+/gs;
const EMPTY_REST = /^\s*[\]}]/;
const MAX_INDENT = 20;
