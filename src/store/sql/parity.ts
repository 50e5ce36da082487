import type { KeptParityReport, ParityException } from "../../domain/parity.ts";
import { namesOf } from "../description.ts";
import type { ListRequest, SearchedPage } from "../port/paging.ts";
import type { KeptParitySummary, ProofFilter } from "../port/parity.ts";
import { EXCEPTION, PROOF, PROOF_SUMMARY } from "../tables.ts";
import { equal } from "./condition.ts";
import { list } from "./list.ts";
import type { Session } from "./session.ts";

/** Parity reports and exceptions are few: the same statements in both databases. */

export function findProofs(
  session: Session,
  { source, ...range }: ProofFilter,
  page: ListRequest,
): Promise<SearchedPage<KeptParitySummary>> {
  const time = { column: "at", range, isIndexed: false };
  const ways = source === undefined ? {} : { ways: [equal({ source })] };
  return list(session, { table: "proofs", columns: PROOF_SUMMARY.columns, ...ways, time }, page, (row) =>
    PROOF_SUMMARY.decode(row),
  );
}

export async function findProof(session: Session, id: string): Promise<KeptParityReport | null> {
  const [row] = await session.rows(`select ${namesOf(PROOF.columns)} from proofs where id = ?`, [id]);
  return row ? PROOF.decode(row) : null;
}

export async function newestProofs(session: Session): Promise<readonly KeptParitySummary[]> {
  const rows = await session.rows(
    `select ${namesOf(PROOF_SUMMARY.columns)} from proofs
     where position in (select max(position) from proofs group by source) order by source`,
  );
  return rows.map(PROOF_SUMMARY.decode);
}

export async function exceptions(session: Session): Promise<readonly ParityException[]> {
  const rows = await session.rows(`select ${namesOf(EXCEPTION.columns)} from exceptions order by position`);
  return rows.map(EXCEPTION.decode);
}
