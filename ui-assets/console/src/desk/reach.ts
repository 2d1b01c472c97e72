/** What the platform still lets an agent answer, as the eye needs it. Pure; the numbers are the server's. */
import type { Reach } from '@/api/types'

export type ReachLevel = 'calm' | 'amber' | 'red'

const HOUR = 3_600_000
const AMBER_MS = 4 * HOUR
const RED_MS = 30 * 60_000

/** Whether nothing can be sent any more, and why. A window can close while nobody tells us. */
export function reachEnd(reach: Reach | null | undefined, now: number): 'spent' | 'closed' | null {
  if (!reach) return null
  if (reach.state === 'closed' || reach.until <= now) return 'closed'
  return reach.state === 'spent' || reach.left <= 0 ? 'spent' : null
}

/** Amber from 4 hours or one message on, red from 30 minutes or none on. */
export function reachLevel(reach: Reach, now: number): ReachLevel {
  const left = reach.until - now
  if (reachEnd(reach, now) || left <= RED_MS) return 'red'
  return reach.left <= 1 || left <= AMBER_MS ? 'amber' : 'calm'
}

/** Remaining time as one number and its unit, rounded down: never promises more than there is. */
export function remaining(ms: number): { unit: 'hours' | 'minutes' | 'seconds'; count: number } {
  if (ms >= HOUR) return { unit: 'hours', count: Math.floor(ms / HOUR) }
  if (ms >= 60_000) return { unit: 'minutes', count: Math.floor(ms / 60_000) }
  return { unit: 'seconds', count: Math.max(0, Math.floor(ms / 1_000)) }
}

/** `1:05` until a deadline. */
export function countdown(until: number, now: number): string {
  const seconds = Math.max(0, Math.ceil((until - now) / 1_000))
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}
