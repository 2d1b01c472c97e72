/** Turns messages into what the list draws: messages, day separators, conversation starts, the unread line. */
import type { MessageView } from '@/api/types'
import { cursorOf, type Cursor } from './cursor'
import type { Outgoing } from './outgoing'
import { displayOrder } from './thread'

export type Row =
  | { kind: 'top'; key: string; more: boolean }
  | { kind: 'day'; key: string; at: number }
  | { kind: 'conversation'; key: string; at: number }
  | { kind: 'unread'; key: string }
  | { kind: 'message'; key: string; message: MessageView; first: boolean; last: boolean }
  | { kind: 'outgoing'; key: string; outgoing: Outgoing; first: boolean }

/** Messages of one speaker within this time stand together as a group. */
const GROUP_MS = 5 * 60_000

export interface RowsInput {
  messages: readonly MessageView[]
  outgoing: readonly Outgoing[]
  /** Older messages exist on the server. */
  more: boolean
  /** First unread message, drawn under a divider. */
  unreadFrom: Cursor | null
}

export function buildRows({ messages, outgoing, more, unreadFrom }: RowsInput): Row[] {
  const rows: Row[] = [{ kind: 'top', key: 'top', more }]
  const stored = displayOrder(messages)
  let previous: MessageView | null = null
  for (const [index, message] of stored.entries()) {
    const at = shownAt(message)
    if (!previous || !sameDay(shownAt(previous), at)) rows.push({ kind: 'day', key: `day-${dayOf(at)}-${cursorOf(message)}`, at })
    else if (previous.conversation !== message.conversation) {
      rows.push({ kind: 'conversation', key: `conversation-${message.conversation}`, at })
    }
    const divided = unreadFrom === cursorOf(message)
    if (divided) rows.push({ kind: 'unread', key: 'unread' })
    const next = stored[index + 1]
    rows.push({
      kind: 'message',
      key: rowKey(message),
      message,
      first: divided || !previous || !together(previous, message),
      last: !next || unreadFrom === cursorOf(next) || !together(message, next),
    })
    previous = message
  }
  const confirmed = new Set(messages.map((message) => message.client_id).filter(Boolean))
  let first = previous?.from !== 'agent'
  for (const item of outgoing) {
    if (confirmed.has(item.clientId)) continue
    rows.push({ kind: 'outgoing', key: `client-${item.clientId}`, outgoing: item, first })
    first = false
  }
  return rows
}

/** The same key before and after confirmation, so that the row keeps its place and height. */
export function rowKey(message: MessageView): string {
  return message.client_id && message.from === 'agent' ? `client-${message.client_id}` : cursorOf(message)
}

/** When the customer wrote it, not when it arrived. */
export const shownAt = (message: MessageView): number =>
  message.from === 'customer' ? (message.sent_at ?? message.at) : message.at

function together(a: MessageView, b: MessageView): boolean {
  return (
    a.from === b.from &&
    a.from !== 'system' &&
    a.from !== 'note' &&
    a.agent === b.agent &&
    a.conversation === b.conversation &&
    Math.abs(shownAt(b) - shownAt(a)) < GROUP_MS &&
    sameDay(shownAt(a), shownAt(b))
  )
}

function dayOf(at: number): string {
  const date = new Date(at)
  return `${date.getFullYear()}-${date.getMonth() + 1}-${date.getDate()}`
}

export const sameDay = (a: number, b: number): boolean => dayOf(a) === dayOf(b)
