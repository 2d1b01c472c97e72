/** Cursors `"<conversation>.<seq>"` of a customer's messages on one channel. */
import type { MessageView } from '@/api/types'

export type Cursor = string

export const cursorOf = (message: Pick<MessageView, 'conversation' | 'seq'>): Cursor =>
  `${message.conversation}.${message.seq}`

/** Storage order: conversations of one customer follow each other, messages count up inside. */
export function byCursor(
  a: Pick<MessageView, 'conversation' | 'seq'>,
  b: Pick<MessageView, 'conversation' | 'seq'>,
): number {
  return a.conversation - b.conversation || a.seq - b.seq
}
