/**
 * Loaded before a bridge: its clock is ahead of the true one from the first moment on, and is set again when
 * the harness says so. Timers go on as they do when a machine's clock is set.
 */
let ahead = Number(process.env.COUNTERSIGN_CLOCK_AHEAD);
const now = Date.now;
Date.now = () => now() + ahead;
process.on("message", (told: { ahead: number }) => {
  ahead = told.ahead;
});
process.channel?.unref();
