/** CRASH_SEED kills at other moments than those of every day. */
export const SEED = Number(process.env.CRASH_SEED ?? 1);
