/** Where reading starts and what a screen reader hears. */
import type { ConversationView, MessageView } from '@/api/types'
import { cursorOf, type Cursor } from '@/desk/cursor'
import { displayOrder } from '@/desk/thread'

/** The first of the `unread` latest customer messages, or null when everything was seen or nothing was. */
export function firstUnread(messages: readonly MessageView[], view: Pick<ConversationView, 'id' | 'unread' | 'state'>): Cursor | null {
  if (view.unread <= 0 || view.state !== 'active') return null
  const unread = new Set(
    messages.filter((message) => message.from === 'customer' && message.conversation === view.id).slice(-view.unread),
  )
  const shown = displayOrder(messages)
  const first = shown.find((message) => unread.has(message))
  // A line above everything says nothing.
  return first && first !== shown[0] ? cursorOf(first) : null
}

/** One sentence for a message, read aloud when it arrives. */
export function summary(message: MessageView, t: (key: string) => string): string {
  return message.content.kind === 'text' ? message.content.text.slice(0, 200) : t(`kind.${message.content.kind}`)
}
