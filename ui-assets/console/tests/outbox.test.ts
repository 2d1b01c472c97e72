import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { useDesk } from '@/stores/desk'
import { useOutbox } from '@/stores/outbox'
import { conversation, desk as snapshot, message, respond } from './fixtures'

const path = '/api/shops/1/conversations/1/messages'
interface Sent {
  client_id: string
  content: { text: string }
}
let sent: Sent[] = []

beforeEach(() => {
  setActivePinia(createPinia())
  vi.useFakeTimers()
  sent = []
  const desk = useDesk()
  desk.shop = 1
  desk.apply(snapshot({ conversations: [conversation(1, { state: 'active', owner: 7 })] }))
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

it('sends in the order written', async () => {
  server(() => 'stored')
  const outbox = useOutbox()
  for (const text of ['a', 'b', 'c']) outbox.sendText(1, text)
  await vi.runAllTimersAsync()
  expect(sent.map((body) => body.content.text)).toEqual(['a', 'b', 'c'])
  expect(outbox.items.size).toBe(0)
})

it('repeats a send that got no answer with the same client id', async () => {
  server((attempt) => (attempt < 2 ? 'lost' : 'stored'))
  const outbox = useOutbox()
  outbox.sendText(1, 'hello')
  await vi.runAllTimersAsync()
  expect(sent).toHaveLength(3)
  expect(new Set(sent.map((body) => body.client_id)).size).toBe(1)
  expect(outbox.items.size).toBe(0)
})

it('shows the server’s reason and sends the same message again on retry', async () => {
  const refusal = () => new Response(JSON.stringify({ code: 'invalid', message: 'too long, shorten it' }), { status: 422 })
  server((attempt) => (attempt === 0 ? refusal() : 'stored'))
  const outbox = useOutbox()
  outbox.sendText(1, 'hello')
  await vi.runAllTimersAsync()
  const item = outbox.of(1)[0]
  expect(item?.state).toBe('failed')
  expect(item?.reason).toBe('too long, shorten it')
  if (item) outbox.retry(item)
  await vi.runAllTimersAsync()
  expect(sent[1]?.client_id).toBe(sent[0]?.client_id)
  expect(outbox.items.size).toBe(0)
})

it('gives up after the silent retries and keeps the text', async () => {
  server(() => 'lost')
  const outbox = useOutbox()
  outbox.sendText(1, 'hello')
  await vi.runAllTimersAsync()
  expect(sent).toHaveLength(4)
  expect(outbox.of(1)[0]?.state).toBe('failed')
})

it('forgets a cancelled message', async () => {
  server(() => 'lost')
  const outbox = useOutbox()
  outbox.sendText(1, 'hello')
  await vi.advanceTimersByTimeAsync(10)
  const item = outbox.of(1)[0]
  if (item) outbox.cancel(item)
  await vi.runAllTimersAsync()
  expect(sent).toHaveLength(1)
  expect(outbox.items.size).toBe(0)
})
