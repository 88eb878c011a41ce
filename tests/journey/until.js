// Waiting without sleeping blindly: a condition is asked again and again until it holds.

const PAUSE_MS = 25;

/**
 * Calls `ask` until it gives something truthy, and gives that. After `deadlineMs` it throws with
 * `what` and the last answer or error, so that a failure says what was missing.
 */
export async function until(what, ask, deadlineMs = 15_000) {
  const end = performance.now() + deadlineMs;
  for (;;) {
    let last;
    try {
      last = await ask();
      if (last) {
        return last;
      }
    } catch (error) {
      last = error;
    }
    if (performance.now() > end) {
      throw new Error(`within ${deadlineMs} ms this did not come true: ${what} (last: ${last})`);
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
