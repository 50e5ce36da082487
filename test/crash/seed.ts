/** CRASH_SEED draws other moments of the kills. */
export const SEED = Number(process.env.CRASH_SEED ?? 1);
