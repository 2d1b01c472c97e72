import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { MessageView } from '@/api/types'
import { useDesk } from '@/stores/desk'
import { threadKey, useThreads } from '@/stores/threads'
import { conversation, desk as snapshot, message, respond } from './fixtures'

const path = '/api/shops/1/customers/101/messages'
let stored: MessageView[] = []
let queries: URLSearchParams[] = []

/** The server's paging over `stored`, in pages of at most `limit`. */
function page(url: string) {
  const query = new URL(url, 'http://server').searchParams
  queries.push(query)
  const limit = Number(query.get('limit'))
  const seq = (cursor: string | null) => Number(cursor?.split('.')[1])
  if (query.has('after')) {
    const rest = stored.filter((held) => held.seq > seq(query.get('after')))
    return { messages: rest.slice(0, limit), more: rest.length > limit }
  }
  const head = query.has('before') ? stored.filter((held) => held.seq < seq(query.get('before'))) : stored
  return { messages: head.slice(-limit), more: head.length > limit }
}

async function opened(last: number) {
  stored = Array.from({ length: last }, (_, index) => message(index + 1))
  const desk = useDesk()
  desk.shop = 1
  const view = conversation(1, { state: 'active', owner: 7, last_seq: last })
  desk.apply(snapshot({ conversations: [view] }))
  const threads = useThreads()
  await threads.open(view)
  const thread = threads.threads.get(threadKey(view))
  if (!thread) throw new Error('no thread')
  return { desk, threads, thread, view }
}
const numbers = (list: MessageView[]) => list.map((held) => held.seq)

beforeEach(() => {
  setActivePinia(createPinia())
  queries = []
  vi.stubGlobal('fetch', respond({ [path]: (_init, url) => page(url) }))
})
afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

it('loads the newest page and then older ones until the beginning', async () => {
  const { threads, thread } = await opened(120)
  expect(numbers(thread.messages)).toEqual(Array.from({ length: 50 }, (_, index) => index + 71))
  expect(thread.more).toBe(true)
  await threads.older(thread)
  await threads.older(thread)
  expect(numbers(thread.messages)).toEqual(Array.from({ length: 120 }, (_, index) => index + 1))
  expect(thread.more).toBe(false)
  await threads.older(thread)
  expect(queries).toHaveLength(3)
})

it('takes the next message as it is and fetches what a hole hides', async () => {
  const { threads, thread } = await opened(5)
  threads.receive(message(6))
  expect(numbers(thread.messages)).toEqual([1, 2, 3, 4, 5, 6])
  stored = Array.from({ length: 9 }, (_, index) => message(index + 1))
  threads.receive(message(9))
  await vi.waitFor(() => expect(numbers(thread.messages)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]))
  expect(queries.at(-1)?.get('after')).toBe('1.6')
})

it('repairs over many pages', async () => {
  const { threads, thread } = await opened(3)
  stored = Array.from({ length: 450 }, (_, index) => message(index + 1))
  await threads.repairAll()
  expect(thread.messages).toHaveLength(450)
})

it('fetches announced messages that do not come', async () => {
  const { desk, thread } = await opened(3)
  vi.useFakeTimers()
  stored.push(message(4))
  desk.upsert(conversation(1, { state: 'active', owner: 7, last_seq: 4 }))
  expect(thread.messages).toHaveLength(3)
  await vi.advanceTimersByTimeAsync(2_000)
  expect(numbers(thread.messages)).toEqual([1, 2, 3, 4])
})

it('leaves changes above the loaded part to their page', async () => {
  const { threads, thread } = await opened(120)
  threads.receive(message(10))
  expect(thread.messages).toHaveLength(50)
})

it('tries again after a failed first load', async () => {
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('network')))
  const { threads, thread } = await opened(4)
  expect(thread.loaded).toBe(false)
  expect(thread.failure).not.toBeNull()
  vi.stubGlobal('fetch', respond({ [path]: (_init, url) => page(url) }))
  await threads.resume()
  expect(numbers(thread.messages)).toEqual([1, 2, 3, 4])
})
