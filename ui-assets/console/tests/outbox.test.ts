import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { nextTick } from 'vue'
import { GIVE_UP_MS } from '@/desk/outgoing'
import { useDesk } from '@/stores/desk'
import { useOutbox } from '@/stores/outbox'
import { useToasts } from '@/stores/toasts'
import { conversation, desk as snapshot, message, respond } from './fixtures'

const path = '/api/shops/1/conversations/1/messages'
interface Sent {
  client_id: string
  content: { text: string }
}
let sent: Sent[] = []
const mine = conversation(1, { state: 'active', owner: 7 })

/** The page begins anew; what it keeps in this browser stays. */
async function load() {
  setActivePinia(createPinia())
  const desk = useDesk()
  desk.shop = 1
  desk.apply(snapshot({ conversations: [mine] }))
  const outbox = useOutbox()
  await vi.advanceTimersByTimeAsync(0)
  return { desk, outbox }
}
const online = async (open: boolean) => {
  useDesk().link = open ? { state: 'open' } : { state: 'waiting', since: 0, retryAt: 0 }
  await nextTick()
  await vi.advanceTimersByTimeAsync(0)
}

beforeEach(() => {
  vi.useFakeTimers()
  localStorage.clear()
  sent = []
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

/** A server that answers by `reply`, or stores the message. */
function server(reply: (attempt: number) => Response | 'lost' | 'stored') {
  let attempt = 0
  vi.stubGlobal('fetch', respond({
    [path]: (init) => {
      const body = JSON.parse(String(init?.body)) as Sent
      sent.push(body)
      const answer = reply(attempt++)
      if (answer === 'lost') throw new TypeError('network')
      return answer === 'stored' ? message(sent.length, { from: 'agent', client_id: body.client_id }) : answer
    },
  }))
}
const refusal = (code: string, status = 409) => new Response(JSON.stringify({ code, message: `refused: ${code}` }), { status })
const texts = () => sent.map((body) => body.content.text)

it('sends in the order written', async () => {
  server(() => 'stored')
  const { outbox } = await load()
  for (const text of ['a', 'b', 'c']) outbox.sendText(1, text)
  await vi.runAllTimersAsync()
  expect(texts()).toEqual(['a', 'b', 'c'])
  expect([outbox.items.size, localStorage.length]).toEqual([0, 0])
})

it('repeats a send that got no answer with the same client id', async () => {
  server((attempt) => (attempt < 2 ? 'lost' : 'stored'))
  const { outbox } = await load()
  await online(true)
  outbox.sendText(1, 'hello')
  await vi.advanceTimersByTimeAsync(10)
  expect(outbox.of(1)[0]?.state).toBe('sending')
  await vi.runAllTimersAsync()
  expect(sent).toHaveLength(3)
  expect(new Set(sent.map((body) => body.client_id)).size).toBe(1)
  expect(outbox.items.size).toBe(0)
})

it('shows the server’s reason and sends the same message again on retry', async () => {
  server((attempt) => (attempt === 0 ? refusal('invalid', 422) : 'stored'))
  const { outbox } = await load()
  outbox.sendText(1, 'hello')
  await vi.runAllTimersAsync()
  const item = outbox.of(1)[0]
  expect([item?.state, item?.reason]).toEqual(['failed', 'refused: invalid'])
  if (item) outbox.retry(item)
  await vi.runAllTimersAsync()
  expect(sent[1]?.client_id).toBe(sent[0]?.client_id)
  expect(outbox.items.size).toBe(0)
})

it('forgets a cancelled message', async () => {
  server(() => 'lost')
  const { outbox } = await load()
  outbox.sendText(1, 'hello')
  await vi.advanceTimersByTimeAsync(10)
  const item = outbox.of(1)[0]
  if (item) outbox.cancel(item)
  await vi.runAllTimersAsync()
  expect(sent).toHaveLength(1)
  expect([outbox.items.size, localStorage.length]).toEqual([0, 0])
})

describe('without a connection', () => {
  it('waits, in order, and goes out the moment it is back', async () => {
    let up = false
    server(() => (up ? 'stored' : 'lost'))
    const { outbox } = await load()
    await online(false)
    outbox.sendText(1, 'a')
    await vi.advanceTimersByTimeAsync(10)
    outbox.sendText(1, 'b')
    expect(outbox.of(1).map((item) => item.state)).toEqual(['waiting', 'waiting'])
    await vi.advanceTimersByTimeAsync(120_000)
    up = true
    sent = []
    await online(true)
    expect(texts()).toEqual(['a', 'b'])
    expect(outbox.items.size).toBe(0)
  })

  it('survives a reload, keeps the order and sends the very same messages', async () => {
    server(() => 'lost')
    const first = await load()
    await online(false)
    for (const text of ['a', 'b', 'c']) first.outbox.sendText(1, text)
    await vi.advanceTimersByTimeAsync(20_000)
    const ids = first.outbox.of(1).map((item) => item.clientId)
    first.desk.leave()
    await vi.advanceTimersByTimeAsync(60_000)
    const before = sent.length
    await vi.advanceTimersByTimeAsync(60_000)
    expect(sent.length).toBe(before)

    sent = []
    server(() => 'stored')
    await load()
    await vi.advanceTimersByTimeAsync(10)
    expect(texts()).toEqual(['a', 'b', 'c'])
    expect(sent.map((body) => body.client_id)).toEqual(ids)
    expect(localStorage.length).toBe(0)
  })

  it('is given up after the stated time, over reloads, and sent by hand', async () => {
    server(() => 'lost')
    const { outbox, desk } = await load()
    outbox.sendText(1, 'late')
    await vi.advanceTimersByTimeAsync(GIVE_UP_MS - 1_000)
    expect(outbox.of(1)[0]?.state).toBe('waiting')
    desk.leave()
    await nextTick()
    const again = (await load()).outbox
    await vi.advanceTimersByTimeAsync(5_000)
    expect([again.of(1)[0]?.state, again.of(1)[0]?.reason?.startsWith('10 分钟')]).toEqual(['failed', true])
    expect(useToasts().toasts.map(({ tone }) => tone)).toEqual(['error'])
    // Nothing is sent any more, not even when the connection is back or the page begins anew.
    sent = []
    server(() => 'stored')
    await online(true)
    const last = (await load()).outbox
    await vi.advanceTimersByTimeAsync(60_000)
    expect(sent).toEqual([])
    const item = last.of(1)[0]
    if (item) last.retry(item)
    await vi.advanceTimersByTimeAsync(10)
    expect(texts()).toEqual(['late'])
  })

  it('who was taken for away meanwhile is online again first', async () => {
    let known = false
    server(() => (known ? 'stored' : refusal('agent_offline')))
    const { outbox } = await load()
    await online(false)
    outbox.sendText(1, 'a')
    await vi.advanceTimersByTimeAsync(2_000)
    expect(outbox.of(1)[0]?.state).toBe('waiting')
    known = true
    await online(true)
    expect(outbox.items.size).toBe(0)
    // By his own choice it is a refusal.
    known = false
    outbox.sendText(1, 'b')
    await vi.advanceTimersByTimeAsync(10)
    expect(outbox.of(1)[0]?.state).toBe('failed')
  })

  it('another agent, another shop and a broken entry are left alone', async () => {
    server(() => 'lost')
    const { outbox } = await load()
    outbox.sendText(1, 'mine')
    await vi.advanceTimersByTimeAsync(10)
    const entry = localStorage.getItem(localStorage.key(0) ?? '') ?? ''
    localStorage.setItem('weikefu.unsent.8.1.x', entry)
    localStorage.setItem('weikefu.unsent.7.2.x', entry)
    localStorage.setItem('weikefu.unsent.7.1.x', '{"text":')
    expect((await load()).outbox.items.size).toBe(1)
    expect(localStorage.getItem('weikefu.unsent.7.1.x')).toBeNull()
    expect(localStorage.getItem('weikefu.unsent.8.1.x')).not.toBeNull()
  })

  it('what another tab has sent is this tab’s no more', async () => {
    server(() => 'lost')
    const { outbox } = await load()
    outbox.sendText(1, 'a')
    await vi.advanceTimersByTimeAsync(10)
    const key = localStorage.key(0) ?? ''
    dispatchEvent(new StorageEvent('storage', { key, newValue: null }))
    expect(outbox.items.size).toBe(0)
  })
})
