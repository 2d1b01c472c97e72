/**
 * The messages of one customer on one channel as far as they are loaded: an ordered run that grows at
 * both ends. Owns merging and finding gaps; loading and drawing are elsewhere.
 */
import type { MessageView } from '@/api/types'
import { byCursor, cursorOf, type Cursor } from './cursor'

/** Merges messages into an ordered list by (conversation, seq); newer versions of a message win. */
export function mergeMessages(held: readonly MessageView[], incoming: readonly MessageView[]): MessageView[] {
  if (incoming.length === 0) return held as MessageView[]
  const merged = new Map(held.map((message) => [cursorOf(message), message]))
  for (const message of incoming) {
    const before = merged.get(cursorOf(message))
    if (!before || !isStale(message, before)) merged.set(cursorOf(message), message)
  }
  return [...merged.values()].sort(byCursor)
}

/** A delivery report that is older than the one held, or a media that was already there, is stale. */
function isStale(next: MessageView, held: MessageView): boolean {
  if (held.delivery && next.delivery && next.delivery.at < held.delivery.at) return true
  const had = 'media' in held.content && held.content.media !== null
  return had && 'media' in next.content && next.content.media === null
}

/** Whether a message continues what is held without a hole. */
export function continues(held: readonly MessageView[], message: MessageView): boolean {
  const last = held[held.length - 1]
  if (!last) return message.seq === 1
  if (byCursor(message, last) <= 0) return true
  if (message.conversation === last.conversation) return message.seq === last.seq + 1
  // A later conversation: its first message follows; anything else leaves a hole.
  return message.conversation > last.conversation && message.seq === 1
}

/**
 * The cursor to fetch behind so that nothing is missing afterwards and unsettled messages (on their
 * way, or media still being fetched) are read anew. Null when nothing is held.
 */
export function repairCursor(held: readonly MessageView[]): Cursor | null {
  const unsettled = held.findIndex(isUnsettled)
  const upTo = unsettled > 0 ? unsettled - 1 : unsettled === 0 ? 0 : held.length - 1
  const message = held[upTo]
  return message ? cursorOf(message) : null
}

function isUnsettled(message: MessageView): boolean {
  if (message.delivery && (message.delivery.state === 'queued' || message.delivery.state === 'sending')) return true
  return 'media' in message.content && message.content.media === null
}

/** The highest sequence number held of a conversation, 0 when none is. */
export function highestSeq(held: readonly MessageView[], conversation: number): number {
  for (let index = held.length - 1; index >= 0; index -= 1) {
    const message = held[index]
    if (message && message.conversation === conversation) return message.seq
  }
  return 0
}

/**
 * The order for the eye. Platforms deliver out of order, so each run of consecutive customer messages of
 * one conversation is ordered by (sent_at, seq); everything else stays where the sequence put it.
 */
export function displayOrder(messages: readonly MessageView[]): MessageView[] {
  const ordered: MessageView[] = []
  let run: MessageView[] = []
  const flush = () => {
    run.sort((a, b) => (a.sent_at ?? a.at) - (b.sent_at ?? b.at) || a.seq - b.seq)
    ordered.push(...run)
    run = []
  }
  for (const message of messages) {
    if (message.from !== 'customer' || run[0]?.conversation !== message.conversation) flush()
    if (message.from === 'customer') run.push(message)
    else ordered.push(message)
  }
  flush()
  return ordered
}
