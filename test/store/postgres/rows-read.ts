import type { Pool } from "pg";

/** Entries and rows of deliveries that statements have read. A connection tells at its end at the latest. */
export async function rowsRead(pool: Pool): Promise<number> {
  await pool.query("select pg_stat_force_next_flush(), pg_stat_clear_snapshot()");
  const { rows } = await pool.query<{ read: number }>(
    `select (select seq_tup_read from pg_stat_user_tables where relid = 'deliveries'::regclass)
       + (select sum(idx_tup_read) from pg_stat_user_indexes where relid = 'deliveries'::regclass) as read`,
  );
  return Number(rows[0]?.read);
}
