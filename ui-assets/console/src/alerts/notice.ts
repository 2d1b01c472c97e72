/** Which changes of a conversation call for attention. Pure. */
import type { ConversationView } from '@/api/types'

/** New: somebody waits or was given to me; message: my customer wrote; offer: a colleague wants me to take over. */
export type Notice = 'new' | 'message' | 'offer'

export function noticeOf(before: ConversationView | undefined, after: ConversationView, me: number): Notice | null {
  const mine = after.state === 'active' && after.owner === me
  const wrote = after.last?.from === 'customer' && after.last_seq > (before?.last_seq ?? 0)
  if (after.state === 'waiting') return before?.state === 'waiting' ? null : 'new'
  if (after.state === 'active' && after.transfer?.to === me) return before?.transfer?.to === me && before.transfer.at === after.transfer.at ? null : 'offer'
  if (!mine) return null
  // One who waited has been told of then.
  if (!before) return 'new'
  return wrote ? 'message' : null
}

/** How long somebody may wait before it rings again. */
export const OVERDUE_MS = 60_000
/** How often it rings then. */
export const REPEAT_MS = 30_000

/** Whether a customer has waited too long for a word of `me`, or a colleague for an answer to an offer. */
export function isOverdue(view: ConversationView, now: number, me: number): boolean {
  if (view.transfer?.to === me) return now - view.transfer.at > OVERDUE_MS
  if (view.state === 'waiting') return now - view.waiting_since > OVERDUE_MS
  return view.last?.from === 'customer' && now - view.last.at > OVERDUE_MS
}
