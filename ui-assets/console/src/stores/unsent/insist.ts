/** Tries something again and again until it is done, refused for good, given up, or of no interest any more. */
import { ApiError } from '@/api/client'

/** Pauses after each attempt without an answer, in milliseconds; the last one repeats. */
const PAUSES = [1_000, 3_000, 8_000, 15_000, 30_000]
/** So many attempts pass before somebody is told that it waits, while the connection looks sound. */
const QUIET = 2

export interface Insisting {
  /** Somebody still wants it. */
  wanted: () => boolean
  /** The live connection stands. */
  connected: () => boolean
  /** When it is given up. */
  until: () => number
  /** It did not work and will be tried again. */
  onWaiting: () => void
}

const sleepers = new Set<() => void>()

/** The connection is back: nobody sleeps on. */
export function wakeAll(): void {
  for (const wake of [...sleepers]) wake()
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      clearTimeout(timer)
      sleepers.delete(wake)
      resolve()
    }
    const timer = setTimeout(wake, ms)
    sleepers.add(wake)
  })
}

/** Whether waiting can help: the server was not reached, does not know us yet, or takes us for away until the live connection stands. */
function passes(error: unknown, connected: boolean): boolean {
  if (!(error instanceof ApiError)) return false
  return error.transient || error.status === 401 || (error.code === 'agent_offline' && !connected)
}

/** True when done, false when nobody wants it any more; throws what cannot be helped by waiting. */
export async function insist(attempt: () => Promise<void>, { wanted, connected, until, onWaiting }: Insisting): Promise<boolean> {
  for (let tries = 0; wanted(); tries += 1) {
    const stood = connected()
    try {
      await attempt()
      return true
    } catch (error) {
      if (!wanted()) return false
      const left = until() - Date.now()
      if (!passes(error, stood) || left <= 0) throw error
      if (!connected() || tries >= QUIET) onWaiting()
      await sleep(Math.min(PAUSES[Math.min(tries, PAUSES.length - 1)] as number, left))
    }
  }
  return false
}
