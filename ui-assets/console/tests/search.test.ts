import { expect, it } from 'vitest'
import type { Found } from '@/api/search'
import { byChat, fromQuery, isAskable, isNarrowed, nothing, toAsked, toQuery } from '@/office/search'

const NOW = Date.UTC(2026, 10, 24, 4)

it('an address keeps what was looked for, and one written by hand does no harm', () => {
  const wanted = { ...nothing(), words: '龙井', agent: 3, channel: 4, from: '2026-11-01', to: '2026-11-02' }
  expect(fromQuery(toQuery(wanted))).toEqual(wanted)
  expect(toQuery(nothing())).toEqual({})
  // A span says more than days: both would contradict each other.
  expect(toQuery({ ...wanted, span: '7d' })).not.toHaveProperty('from')
  expect(fromQuery({ q: '茶'.repeat(99), agent: 'x', span: '9d', from: '2026-13-01', to: ['a'] })).toEqual({ ...nothing(), words: '茶'.repeat(64) })
})

it('asks for whole days and for spans that end now', () => {
  const { from, to } = toAsked({ ...nothing(), words: ' 龙井 ', from: '2026-11-01', to: '2026-11-01' }, NOW)
  expect((to ?? 0) - (from ?? 0)).toBe(86_400_000 - 1)
  expect(toAsked({ ...nothing(), span: '7d', to: '2026-11-01' }, NOW)).toMatchObject({ from: NOW - 7 * 86_400_000, to: null })
  expect(toAsked({ ...nothing(), words: ' 龙井 ' }, NOW)).toEqual({ q: '龙井', agent: null, channel: null, from: null, to: null })
})

it('characters count, not their halves', () => {
  expect([isAskable({ ...nothing(), words: ' 龙 ' }), isAskable({ ...nothing(), words: '😀' }), isAskable({ ...nothing(), words: '龙井' })]).toEqual([false, false, true])
  expect([isNarrowed(nothing()), isNarrowed({ ...nothing(), to: '2026-11-01' })]).toEqual([false, true])
})

it('hits of one chat stand together as long as no other comes between', () => {
  const hit = (conversation: number, seq: number) => ({ conversation, seq }) as Found
  const chats = byChat([hit(1, 9), hit(1, 4), hit(2, 1), hit(1, 2)])
  expect(chats.map((chat) => [chat.first.conversation, chat.hits.map((one) => one.seq)])).toEqual([[1, [9, 4]], [2, [1]], [1, [2]]])
  expect(new Set(chats.map((chat) => chat.key)).size).toBe(3)
})
