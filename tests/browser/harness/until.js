// Waiting for conditions. Nothing here waits longer than PATIENCE unless it is broken.
import { setTimeout as pause } from "node:timers/promises";

/** The longest anything may take, milliseconds; ample for a machine that is busy with something else. */
export const PATIENCE = 60_000;

/** Asks again until the answer is truthy and returns it; fails loudly when it never is. */
export async function until(what, ask) {
  const started = Date.now();
  let last;
  for (;;) {
    try {
      const answer = await ask();
      if (answer) return answer;
    } catch (error) {
      last = error;
    }
    if (Date.now() - started > PATIENCE) throw new Error(`never happened: ${what}`, { cause: last });
    await pause(40);
  }
}

/** A promise and the functions that settle it. */
export function gate() {
  const made = {};
  made.opened = new Promise((resolve) => {
    made.open = resolve;
  });
  return made;
}
