import type Koa from "koa";
import { koaBody } from "koa-body";
import { CountersignError } from "../domain/errors.ts";
import type { Fields } from "./screen.ts";

/** Queries and forms as plain texts by name. */

/** Of a parameter that comes twice the last counts. Anything else than a text is left out. */
export function fieldsOf(given: unknown): Fields {
  if (typeof given !== "object" || given === null) return {};
  const entries = Object.entries(given).flatMap(([name, value]) => {
    const last: unknown = Array.isArray(value) ? value.at(-1) : value;
    return typeof last === "string" ? [[name, last] as const] : [];
  });
  return Object.fromEntries(entries);
}

/** A form sends every field, also those that were left empty. */
export function withoutEmpty(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ""));
}

/** Reads a form of at most so many bytes, such as `64kb`, into `context.request.body`. */
export function readForm(limit: string): Koa.Middleware {
  return koaBody({
    urlencoded: true,
    json: false,
    text: false,
    multipart: false,
    formLimit: limit,
    onError(error) {
      throw new CountersignError("bad_request", `the form is not understood: ${error.message}`);
    },
  });
}
