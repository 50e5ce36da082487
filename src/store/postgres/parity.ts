import type { KeptParityReport, ParityException } from "../../domain/parity.ts";
import { EXCEPTION, PROOF } from "../tables.ts";
import { insertRows } from "./given.ts";
import type { Session } from "./session.ts";

export async function keepProof(session: Session, report: KeptParityReport): Promise<void> {
  await insertRows(session, "proofs", PROOF.columns, [PROOF.encode(report)], "on conflict (id) do nothing");
}

export async function addException(session: Session, exception: ParityException): Promise<void> {
  await insertRows(session, "exceptions", EXCEPTION.columns, [EXCEPTION.encode(exception)]);
}

export async function dropException(session: Session, id: string): Promise<boolean> {
  return (await session.run("delete from exceptions where id = ?", [id])) === 1;
}
