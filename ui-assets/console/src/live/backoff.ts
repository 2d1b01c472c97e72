/** Waiting times between attempts to reach the server. */

export const FIRST_DELAY_MS = 1_000
export const MAX_DELAY_MS = 30_000

/**
 * Milliseconds to wait before attempt number `attempt` (0 = the first one after a loss):
 * doubling from 1 s to 30 s, of which the upper half is random so that consoles do not return all at once.
 */
export function backoffDelay(attempt: number, random: () => number = Math.random): number {
  const full = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(attempt, 10))
  return Math.round(full / 2 + (full / 2) * random())
}
