export { inert } from "../domain/inert.ts";
