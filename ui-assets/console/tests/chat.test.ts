/** The rules of the chat workplace: quota, content of files, `/`, records, offers, spam, optimistic changes. */
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { provenType, sniff, typeOf } from '@/compose/sniff'
import { slashQuery } from '@/compose/quick-replies'
import { problemOf } from '@/compose/voice/recorder'
import { countdown, reachEnd, reachLevel, remaining } from '@/desk/reach'
import { useClosing } from '@/stores/closing'
import { useCustomers } from '@/stores/customers'
import { useDesk, type DeskEvent } from '@/stores/desk'
import { useOutbox } from '@/stores/outbox'
import { threadKey, useThreads } from '@/stores/threads'
import { excerpt, highlight } from '@/text/highlight'
import { conversation, desk as snapshot, message, respond } from './fixtures'

const HOUR = 3_600_000
const reach = (changes = {}) => ({ left: 5, until: 100 * HOUR, trigger: 'message' as const, state: 'open' as const, windows: [], ...changes })
const bytes = (...parts: Array<string | number[]>) =>
  new Uint8Array(parts.flatMap((part) => (typeof part === 'string' ? [...part].map((char) => char.charCodeAt(0)) : part)))

beforeEach(() => setActivePinia(createPinia()))
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

describe('the quota', () => {
  it('warns at four hours or one message, alarms at half an hour or none', () => {
    const at = (left: number, ms: number) => reachLevel(reach({ left, until: ms }), 0)
    expect([at(5, 5 * HOUR), at(5, 4 * HOUR), at(1, 40 * HOUR), at(5, HOUR / 2), at(0, 40 * HOUR)]).toEqual(['calm', 'amber', 'amber', 'red', 'red'])
  })

  it('ends by the clock even when nobody says so', () => {
    expect(reachEnd(null, 0)).toBeNull()
    expect(reachEnd(reach({ until: 10 }), 9)).toBeNull()
    expect(reachEnd(reach({ until: 10 }), 10)).toBe('closed')
    expect(reachEnd(reach({ left: 0, state: 'spent' }), 0)).toBe('spent')
  })

  it('never promises more time than there is', () => {
    expect(remaining(31 * HOUR + HOUR - 1)).toEqual({ unit: 'hours', count: 31 })
    expect(remaining(HOUR - 1)).toEqual({ unit: 'minutes', count: 59 })
    expect(countdown(65_000, 0)).toBe('1:05')
    expect(countdown(0, 5_000)).toBe('0:00')
  })
})

describe('a file', () => {
  it('is what its bytes say', () => {
    expect(typeOf(bytes([0xff, 0xd8, 0xff, 0xe0]))).toBe('image/jpeg')
    expect(typeOf(bytes('RIFF', [0, 0, 0, 0], 'WEBP'))).toBe('image/webp')
    expect(typeOf(bytes([0, 0, 0, 24], 'ftypqt  '))).toBe('video/quicktime')
    expect(typeOf(bytes([0xff, 0xfb, 0x90, 0]))).toBe('audio/mpeg')
    expect(typeOf(bytes('#!AMR\n'))).toBe('audio/amr')
    expect(typeOf(bytes('<html>'))).toBeNull()
    expect(typeOf(new Uint8Array())).toBeNull()
  })

  it('that only claims to be a picture is none, and an office file stays one', () => {
    expect(provenType('image/png', null)).toBeNull()
    expect(provenType('image/png', 'image/jpeg')).toBe('image/jpeg')
    expect(provenType('audio/mp4', 'video/mp4')).toBe('audio/mp4')
    const word = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'
    expect(provenType(word, 'application/zip')).toBe(word)
    expect(provenType('text/plain', null)).toBe('text/plain')
    expect(provenType('application/octet-stream', 'image/gif')).toBe('image/gif')
  })

  it('that cannot be read shows nothing', async () => {
    expect(await sniff({ slice: () => { throw new Error('gone') } } as unknown as Blob)).toBeNull()
  })
})

it('a slash looks for stored replies, an old emoticon does not', () => {
  expect(slashQuery('/')).toBe('')
  expect(slashQuery('/发货')).toBe('发货')
  expect(slashQuery('/::)')).toBeNull()
  expect(slashQuery('1/2')).toBeNull()
  expect(slashQuery('/a\nb')).toBeNull()
})

it('a microphone problem is told by its cause', () => {
  const named = (name: string) => problemOf(new DOMException('', name))
  expect([named('NotAllowedError'), named('NotFoundError'), named('NotReadableError'), problemOf(new Error('x'))]).toEqual(['denied', 'missing', 'busy', 'broken'])
})

it('marks every hit and shows the part around it', () => {
  expect(highlight('发货了吗，发货', '发货').filter((piece) => piece.hit)).toHaveLength(2)
  expect(highlight('İstanbul', 'i').some((piece) => piece.hit)).toBe(false)
  expect(highlight('a', '')).toEqual([{ text: 'a', hit: false }])
  const long = `${'x'.repeat(500)}needle${'y'.repeat(500)}`
  expect(excerpt(long, 'needle')).toContain('needle')
  expect(excerpt(long, 'needle').length).toBeLessThan(170)
})

describe('an offer', () => {
  const transfer = { from: 8, to: 7, note: 'wants a refund', at: 0, until: 60_000 }

  it('stands apart from what I hold and is announced once', () => {
    const desk = useDesk()
    const seen: DeskEvent[] = []
    desk.apply(snapshot())
    desk.listen((event) => seen.push(event))
    const view = conversation(1, { state: 'active', owner: 8, transfer })
    desk.receive({ type: 'event', n: 11, what: 'conversation', conversation: view })
    desk.receive({ type: 'event', n: 12, what: 'conversation', conversation: { ...view, unread: 3 } })
    expect(desk.offered.map((held) => held.id)).toEqual([1])
    expect(desk.active).toEqual([])
    expect(seen.filter((event) => event.kind === 'offered')).toHaveLength(1)
    desk.receive({ type: 'event', n: 13, what: 'conversation', conversation: { ...view, transfer: null } })
    expect(desk.offered).toEqual([])
  })

  it('becomes mine when it is taken', async () => {
    const desk = useDesk()
    desk.shop = 1
    const view = conversation(1, { state: 'active', owner: 8, transfer })
    desk.apply(snapshot({ conversations: [view] }))
    vi.stubGlobal('fetch', respond({ '/api/shops/1/conversations/1/transfer/take': () => ({ ...view, owner: 7, epoch: 2, transfer: null }) }))
    await desk.answer(view, 'take')
    expect(desk.active.map((held) => held.id)).toEqual([1])
  })
})

it('a senior sees what colleagues hold, and it stays current', async () => {
  const desk = useDesk()
  desk.shop = 1
  desk.apply(snapshot())
  const view = conversation(5, { state: 'active', owner: 8 })
  vi.stubGlobal('fetch', respond({ '/api/shops/1/desk/others': () => ({ conversations: [view] }) }))
  await desk.showOthers()
  expect(desk.elsewhere.map((held) => held.id)).toEqual([5])
  desk.receive({ type: 'event', n: 11, what: 'conversation', conversation: { ...view, state: 'closed' } })
  expect(desk.elsewhere).toEqual([])
})

it('spam is deleted after the time for undoing, even when the customer wrote again', async () => {
  vi.useFakeTimers()
  const desk = useDesk()
  desk.shop = 1
  const view = conversation(1)
  desk.apply(snapshot({ conversations: [view] }))
  const deleted = vi.fn(() => ({ ...view, state: 'closed', dismissed: true, epoch: 2, last_seq: 2 }))
  vi.stubGlobal('fetch', respond({ '/api/shops/1/conversations/1/delete': deleted }))
  useClosing().close(view, 'Ann', () => undefined, 'delete')
  expect(desk.waiting).toEqual([])
  desk.upsert({ ...view, last_seq: 2, last: { at: 1, from: 'customer', kind: 'text', text: 'spam' } })
  await vi.advanceTimersByTimeAsync(5_000)
  expect(deleted).toHaveBeenCalledTimes(1)
  expect(desk.waiting).toEqual([])
})

it('a message refused by the quota can be insisted on', async () => {
  vi.useFakeTimers()
  const desk = useDesk()
  desk.shop = 1
  desk.apply(snapshot({ conversations: [conversation(1, { state: 'active', owner: 7 })] }))
  const bodies: Array<Record<string, unknown>> = []
  vi.stubGlobal('fetch', respond({
    '/api/shops/1/conversations/1/messages': (init) => {
      const body = JSON.parse(String(init?.body)) as Record<string, unknown>
      bodies.push(body)
      if (!body.force) return new Response(JSON.stringify({ code: 'reach_spent', message: 'nothing left' }), { status: 409 })
      return message(2, { from: 'agent', client_id: String(body.client_id) })
    },
  }))
  const outbox = useOutbox()
  outbox.sendText(1, 'hello')
  await vi.runAllTimersAsync()
  const item = outbox.of(1)[0]
  expect(item?.code).toBe('reach_spent')
  if (item) outbox.retry(item, true)
  await vi.runAllTimersAsync()
  expect(bodies[1]?.force).toBe(true)
  expect(bodies[1]?.client_id).toBe(bodies[0]?.client_id)
  expect(outbox.items.size).toBe(0)
})

it('a changed remark shows at once and goes back when it is refused', async () => {
  const desk = useDesk()
  desk.shop = 1
  desk.apply(snapshot({ conversations: [conversation(1)] }))
  vi.stubGlobal('fetch', respond({
    '/api/shops/1/customers/101': () => {
      expect(desk.conversations.get(1)?.customer.remark).toBe('vip')
      return new Response(JSON.stringify({ code: 'invalid', message: 'no' }), { status: 422 })
    },
  }))
  await expect(useCustomers().edit(101, { remark: 'vip' })).rejects.toThrow('no')
  expect(desk.conversations.get(1)?.customer.remark).toBe('')
})

it('a record far back is reached without leaving a hole', async () => {
  const desk = useDesk()
  desk.shop = 1
  const view = conversation(1, { state: 'active', owner: 7, last_seq: 900 })
  desk.apply(snapshot({ conversations: [view] }))
  const stored = Array.from({ length: 900 }, (_, index) => message(index + 1))
  vi.stubGlobal('fetch', respond({
    '/api/shops/1/customers/101/messages': (_init, url) => {
      const query = new URL(url, 'http://server').searchParams
      const before = Number(query.get('before')?.split('.')[1] ?? 901)
      const head = stored.filter((held) => held.seq < before)
      return { messages: head.slice(-Number(query.get('limit'))), more: head.length > Number(query.get('limit')) }
    },
  }))
  const threads = useThreads()
  await threads.open(view)
  const thread = threads.threads.get(threadKey(view))
  if (!thread) throw new Error('no thread')
  expect(await threads.reach(thread, '1.40')).toBe(true)
  expect(thread.messages.map((held) => held.seq)).toEqual(Array.from({ length: thread.messages.length }, (_, index) => 901 - thread.messages.length + index))
  expect(await threads.reach(thread, '9.1')).toBe(false)
})
