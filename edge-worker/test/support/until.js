// Waits for a condition by looking, never by guessing how long it takes.
const STEP_MS = 20;

/** Calls `look` until it gives something truthy, and returns that. */
export async function until(what, look, deadlineMs = 10_000) {
  const end = Date.now() + deadlineMs;
  for (;;) {
    const seen = await look();
    if (seen) return seen;
    if (Date.now() > end) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, STEP_MS));
  }
}
