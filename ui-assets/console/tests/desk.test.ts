import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { LiveFrame } from '@/api/types'
import { useDesk, type DeskListener } from '@/stores/desk'
import { conversation, desk as snapshot, respond } from './fixtures'

const event = (n: number, view: ReturnType<typeof conversation>): LiveFrame => ({ type: 'event', n, what: 'conversation', conversation: view })
const mine = { state: 'active' as const, owner: 7 }

beforeEach(() => setActivePinia(createPinia()))

describe('lists', () => {
  it('keep who waits longest first and what moved last first', () => {
    const desk = useDesk()
    const last = (at: number) => ({ last: { at, from: 'customer' as const, kind: 'text' as const, text: '' } })
    desk.apply(snapshot({
      conversations: [
        conversation(1, { waiting_since: 300 }), conversation(2, { waiting_since: 100 }),
        conversation(3, { ...mine, ...last(10) }), conversation(4, { ...mine, ...last(90) }),
      ],
    }))
    expect(desk.waiting.map((view) => view.id)).toEqual([2, 1])
    expect(desk.active.map((view) => view.id)).toEqual([4, 3])
  })

  it('count who is online and what all hold', () => {
    const desk = useDesk()
    desk.apply(snapshot())
    expect(desk.online).toHaveLength(2)
    expect(desk.held).toBe(4)
    desk.receive({ type: 'event', n: 11, what: 'agent', agent: { id: 9, nickname: 'Cy', avatar: null, online: true, presence: 'online', role: 'agent', active: 2, limit: 5 } })
    expect(desk.online).toHaveLength(3)
    expect(desk.held).toBe(6)
  })

  it('count unread messages of one’s own conversations', () => {
    const desk = useDesk()
    desk.apply(snapshot({ conversations: [conversation(1, { ...mine, unread: 2 }), conversation(2, { unread: 5 })] }))
    expect(desk.unread).toBe(2)
  })
})

describe('events', () => {
  it('move a conversation from waiting to mine', () => {
    const desk = useDesk()
    desk.apply(snapshot({ conversations: [conversation(1)] }))
    desk.receive(event(11, conversation(1, { ...mine, epoch: 2 })))
    expect(desk.waiting).toHaveLength(0)
    expect(desk.active.map((view) => view.id)).toEqual([1])
  })

  it('take away what a colleague accepted and say so', () => {
    const desk = useDesk()
    const seen: Parameters<DeskListener>[0][] = []
    desk.listen((happened) => happened.kind === 'left' && seen.push(happened))
    desk.apply(snapshot({ conversations: [conversation(1)] }))
    desk.receive(event(11, conversation(1, { state: 'active', owner: 8, epoch: 2 })))
    expect(desk.conversations.has(1)).toBe(false)
    expect(seen).toHaveLength(1)
    expect(seen[0]).toMatchObject({ kind: 'left', after: { owner: 8 } })
  })

  it('keep the conversation on the screen readable after it left the lists', () => {
    const desk = useDesk()
    desk.apply(snapshot({ conversations: [conversation(1, mine)] }))
    desk.focus(1)
    desk.receive(event(11, conversation(1, { state: 'closed', owner: 7, epoch: 2 })))
    expect(desk.active).toHaveLength(0)
    expect(desk.conversations.get(1)?.state).toBe('closed')
    desk.focus(null)
    expect(desk.conversations.has(1)).toBe(false)
  })

  it('ignore an older view that arrives late', () => {
    const desk = useDesk()
    desk.apply(snapshot({ conversations: [conversation(1, { ...mine, epoch: 3, last_seq: 9 })] }))
    desk.receive(event(11, conversation(1, { epoch: 2, last_seq: 20 })))
    expect(desk.conversations.get(1)?.state).toBe('active')
    desk.receive(event(12, conversation(1, { ...mine, epoch: 3, last_seq: 8 })))
    expect(desk.conversations.get(1)?.last_seq).toBe(9)
  })

  it('change the health of a channel', () => {
    const desk = useDesk()
    desk.apply(snapshot({ channels: [{ id: 11, plugin: 'wechat', name: 'a', sends: {}, status: { health: 'healthy', text: '' } }] }))
    desk.receive({ type: 'event', n: 11, what: 'channel', channel: { id: 11, status: { health: 'degraded', text: 'token' } } })
    expect(desk.channels.get(11)?.status.health).toBe('degraded')
  })
})

describe('snapshots', () => {
  it('do not undo events that are newer than they are', () => {
    const desk = useDesk()
    desk.apply(snapshot({ event: 10 }))
    desk.receive(event(15, conversation(5)))
    desk.apply(snapshot({ event: 12 }))
    expect(desk.waiting.map((view) => view.id)).toEqual([5])
    desk.apply(snapshot({ event: 20 }))
    expect(desk.waiting).toHaveLength(0)
  })

  it('tell that the waiting conversation on the screen was taken', () => {
    const desk = useDesk()
    desk.apply(snapshot({ conversations: [conversation(1)] }))
    desk.focus(1)
    desk.apply(snapshot({ event: 20 }))
    expect(desk.waiting).toHaveLength(0)
    expect(desk.conversations.get(1)?.state).toBe('active')
  })

  it('are read again after a reset', async () => {
    const desk = useDesk()
    desk.shop = 1
    desk.apply(snapshot())
    vi.stubGlobal('fetch', respond({ '/api/shops/1/desk': () => snapshot({ event: 99, conversations: [conversation(3)] }) }))
    desk.receive({ type: 'reset', event: 99 })
    await vi.waitFor(() => expect(desk.waiting.map((view) => view.id)).toEqual([3]))
    vi.unstubAllGlobals()
  })
})
