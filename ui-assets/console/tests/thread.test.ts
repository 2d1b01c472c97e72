import { describe, expect, it } from 'vitest'
import { continues, displayOrder, highestSeq, mergeMessages, repairCursor } from '@/desk/thread'
import { message } from './fixtures'

const seqs = (list: Array<{ conversation: number; seq: number }>) => list.map((item) => `${item.conversation}.${item.seq}`)

describe('mergeMessages', () => {
  it('orders by conversation and sequence and drops doubles', () => {
    const merged = mergeMessages([message(2), message(3)], [message(1), message(3), message(1, { conversation: 2 })])
    expect(seqs(merged)).toEqual(['1.1', '1.2', '1.3', '2.1'])
  })

  it('lets a newer delivery win and an older one lose', () => {
    const delivery = (state: 'sending' | 'accepted', at: number) => ({ delivery: { state, reason: null, cause: null, suppressed: null, proof: null, at } })
    const accepted = message(1, { from: 'agent', ...delivery('accepted', 20) })
    const sending = message(1, { from: 'agent', ...delivery('sending', 10) })
    expect(mergeMessages([sending], [accepted])[0]?.delivery?.state).toBe('accepted')
    expect(mergeMessages([accepted], [sending])[0]?.delivery?.state).toBe('accepted')
  })

  it('never takes a fetched file away again', () => {
    const media = { id: 'a', mime: 'image/png', size: 1 }
    const fetched = message(1, { content: { kind: 'image', media } })
    const fetching = message(1, { content: { kind: 'image', media: null } })
    expect(mergeMessages([fetched], [fetching])[0]).toBe(fetched)
    expect(mergeMessages([fetching], [fetched])[0]).toBe(fetched)
  })
})

describe('continues', () => {
  const held = [message(4), message(5)]
  it.each([
    ['the next message', message(6), true],
    ['a change of a held one', message(5), true],
    ['a hole', message(7), false],
    ['the first of a later conversation', message(1, { conversation: 2 }), true],
    ['the second of a later conversation', message(2, { conversation: 2 }), false],
  ])('%s', (_name, next, expected) => expect(continues(held, next)).toBe(expected))

  it('starts an empty thread only with the first message', () => {
    expect(continues([], message(1))).toBe(true)
    expect(continues([], message(2))).toBe(false)
  })
})

describe('repairCursor', () => {
  it('is the last message when everything is settled', () => expect(repairCursor([message(1), message(2)])).toBe('1.2'))
  it('is nothing for an empty thread', () => expect(repairCursor([])).toBeNull())
  it('goes back before the first message still on its way', () => {
    const sending = message(2, { from: 'agent', delivery: { state: 'sending', reason: null, cause: null, suppressed: null, proof: null, at: 1 } })
    expect(repairCursor([message(1), sending, message(3)])).toBe('1.1')
  })
  it('goes back before the first file still being fetched', () => {
    expect(repairCursor([message(1), message(2, { content: { kind: 'voice', media: null } }), message(3)])).toBe('1.1')
  })
})

it('highestSeq looks at one conversation only', () => {
  const held = [message(1), message(2), message(1, { conversation: 2 })]
  expect(highestSeq(held, 1)).toBe(2)
  expect(highestSeq(held, 2)).toBe(1)
  expect(highestSeq(held, 3)).toBe(0)
})

describe('displayOrder', () => {
  it('orders a run of customer messages by the time they were written', () => {
    const list = [message(1, { sent_at: 300 }), message(2, { sent_at: 100 }), message(3, { sent_at: 200 })]
    expect(seqs(displayOrder(list))).toEqual(['1.2', '1.3', '1.1'])
  })
  it('breaks ties by sequence', () => {
    expect(seqs(displayOrder([message(1, { sent_at: 5 }), message(2, { sent_at: 5 })]))).toEqual(['1.1', '1.2'])
  })
  it('never moves a message across an answer or into another conversation', () => {
    const list = [
      message(1, { sent_at: 900 }),
      message(2, { from: 'agent' }),
      message(3, { sent_at: 100 }),
      message(1, { conversation: 2, sent_at: 50 }),
    ]
    expect(seqs(displayOrder(list))).toEqual(['1.1', '1.2', '1.3', '2.1'])
  })
})
