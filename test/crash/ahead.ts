/**
 * Loaded before a bridge: starts its clock ahead of the true one, and sets it when the harness sends a
 * message. Timers go on, as they do when the clock of a machine is set.
 */
let ahead = Number(process.env.COUNTERSIGN_CLOCK_AHEAD);
const now = Date.now;
Date.now = () => now() + ahead;
process.on("message", (message: { ahead: number }) => {
  ahead = message.ahead;
});
process.channel?.unref();
