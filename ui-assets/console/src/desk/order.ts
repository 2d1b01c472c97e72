/** Orders and names of conversations. Pure functions over views; no state. */
import type { ConversationView } from '@/api/types'

/** 等待中: who has waited longest comes first. */
export function byWaiting(a: ConversationView, b: ConversationView): number {
  return a.waiting_since - b.waiting_since || a.id - b.id
}

/** The moment a conversation last moved. */
export function lastActivity(view: ConversationView): number {
  return view.last?.at ?? view.accepted_at ?? view.opened_at
}

/** 接入中: what moved last comes first. */
export function byActivity(a: ConversationView, b: ConversationView): number {
  return lastActivity(b) - lastActivity(a) || b.id - a.id
}

/** Whether a colleague offers this conversation to agent `me`. */
export function isOffered(view: ConversationView, me: number): boolean {
  return view.state === 'active' && view.transfer?.to === me
}

/** Whether a conversation stands in the lists of agent `me`. */
export function isListed(view: ConversationView, me: number): boolean {
  return view.state === 'waiting' || (view.state === 'active' && view.owner === me) || isOffered(view, me)
}

/**
 * Whether `next` may replace `held`: an older answer that arrives late must not undo a newer event.
 * The epoch grows with every owner change, last_seq with every message.
 */
export function isNewer(next: ConversationView, held: ConversationView | undefined): boolean {
  if (!held) return true
  if (next.epoch !== held.epoch) return next.epoch > held.epoch
  if (held.state === 'closed' && next.state !== 'closed') return false
  return next.last_seq >= held.last_seq
}

/** How urgent a waiting customer is: from 3 minutes on amber, from 10 on red. */
export function waitingLevel(since: number, now: number): 'fresh' | 'late' | 'overdue' {
  const minutes = (now - since) / 60_000
  if (minutes >= 10) return 'overdue'
  return minutes >= 3 ? 'late' : 'fresh'
}
