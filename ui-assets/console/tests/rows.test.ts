import { describe, expect, it } from 'vitest'
import { firstUnread } from '@/components/chat/reading'
import type { Outgoing } from '@/desk/outgoing'
import { buildRows } from '@/desk/rows'
import { message } from './fixtures'

const noon = new Date(2026, 10, 20, 12).getTime()
const at = (minutes: number) => ({ at: noon + minutes * 60_000 })
const outgoing = (clientId: string): Outgoing => ({
  clientId, shop: 1, conversation: 1, name: '', since: 0, at: noon, content: { kind: 'text', text: 'hi' }, state: 'sending', progress: 0, media: null, reason: null, code: null, force: false,
})
const build = (messages: ReturnType<typeof message>[], extra: Partial<Parameters<typeof buildRows>[0]> = {}) =>
  buildRows({ messages, outgoing: [], more: false, unreadFrom: null, ...extra })

describe('buildRows', () => {
  it('separates days and conversations', () => {
    const rows = build([message(1, at(0)), message(2, at(60 * 24)), message(1, { conversation: 2, ...at(60 * 24 + 1) })])
    expect(rows.map((row) => row.kind)).toEqual(['top', 'day', 'message', 'day', 'message', 'conversation', 'message'])
  })

  it('groups what one speaker says within five minutes', () => {
    const rows = build([message(1, at(0)), message(2, at(1)), message(3, at(20)), message(4, { from: 'agent', agent: 7, ...at(21) })])
    const firsts = rows.flatMap((row) => (row.kind === 'message' ? [row.first] : []))
    expect(firsts).toEqual([true, false, true, true])
  })

  it('puts the unread line before its message', () => {
    const rows = build([message(1, at(0)), message(2, at(1))], { unreadFrom: '1.2' })
    expect(rows.map((row) => row.kind)).toEqual(['top', 'day', 'message', 'unread', 'message'])
  })

  it('shows an outgoing message once, also while event and answer race', () => {
    const stored = message(1, { from: 'agent', agent: 7, client_id: 'c1', ...at(0) })
    const rows = build([stored], { outgoing: [outgoing('c1'), outgoing('c2')] })
    expect(rows.map((row) => row.key)).toEqual(['top', expect.stringContaining('day-'), 'client-c1', 'client-c2'])
  })

  it('keeps the key of a message when the server confirms it', () => {
    const before = build([], { outgoing: [outgoing('c1')] }).at(-1)?.key
    const after = build([message(1, { from: 'agent', client_id: 'c1' })]).at(-1)?.key
    expect(after).toBe(before)
  })

  it('has no two rows with one key', () => {
    const rows = build([message(1, at(0)), message(1, { conversation: 2, ...at(60 * 30) }), message(2, { conversation: 2, sent_at: noon, ...at(60 * 60) })])
    expect(new Set(rows.map((row) => row.key)).size).toBe(rows.length)
  })
})

describe('firstUnread', () => {
  const list = [message(1), message(2, { from: 'agent' }), message(3), message(4)]
  it('counts customer messages from the end', () => {
    expect(firstUnread(list, { id: 1, unread: 2, state: 'active' })).toBe('1.3')
  })
  it('draws no line when all was seen, nothing was, or the customer still waits', () => {
    expect(firstUnread(list, { id: 1, unread: 0, state: 'active' })).toBeNull()
    expect(firstUnread(list, { id: 1, unread: 3, state: 'active' })).toBeNull()
    expect(firstUnread(list, { id: 1, unread: 2, state: 'waiting' })).toBeNull()
  })
  it('follows the shown order, not the order of arrival', () => {
    const late = [message(1), message(2, { from: 'agent' }), message(3, { sent_at: 900 }), message(4, { sent_at: 100 })]
    expect(firstUnread(late, { id: 1, unread: 2, state: 'active' })).toBe('1.4')
  })
})
