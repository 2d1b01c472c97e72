import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { UNDO_MS, useClosing } from '@/stores/closing'
import { useDesk } from '@/stores/desk'
import { useToasts } from '@/stores/toasts'
import { conversation, desk as snapshot, respond } from './fixtures'

const view = conversation(1, { state: 'active', owner: 7, last_seq: 4 })
let requests = 0

beforeEach(() => {
  setActivePinia(createPinia())
  vi.useFakeTimers()
  requests = 0
  vi.stubGlobal('fetch', respond({
    '/api/shops/1/conversations/1/close': () => {
      requests += 1
      return { ...view, state: 'closed', epoch: 2 }
    },
  }))
  const desk = useDesk()
  desk.shop = 1
  desk.apply(snapshot({ conversations: [view] }))
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

it('hides at once and asks the server only after the time for undoing', async () => {
  useClosing().close(view, 'Ann', () => undefined)
  expect(useDesk().active).toHaveLength(0)
  await vi.advanceTimersByTimeAsync(UNDO_MS - 1)
  expect(requests).toBe(0)
  await vi.advanceTimersByTimeAsync(1)
  expect(requests).toBe(1)
  expect(useDesk().conversations.has(1)).toBe(false)
})

it('can be undone', async () => {
  const undone = vi.fn()
  useClosing().close(view, 'Ann', undone)
  useToasts().toasts[0]?.action?.run()
  await vi.advanceTimersByTimeAsync(UNDO_MS * 2)
  expect(undone).toHaveBeenCalledOnce()
  expect(requests).toBe(0)
  expect(useDesk().active).toHaveLength(1)
})

it('does not close over a customer who has just written', async () => {
  useClosing().close(view, 'Ann', () => undefined)
  useDesk().upsert({ ...view, last_seq: 5, last: { at: 1, from: 'customer', kind: 'text', text: 'wait' } })
  await vi.advanceTimersByTimeAsync(UNDO_MS)
  expect(requests).toBe(0)
  expect(useDesk().active).toHaveLength(1)
})

it('closes at once when the page goes away', async () => {
  useClosing().close(view, 'Ann', () => undefined)
  useClosing().flush()
  await vi.advanceTimersByTimeAsync(0)
  expect(requests).toBe(1)
})

it('leaves the time for undoing as long as somebody is at the notice', async () => {
  useClosing().close(view, 'Ann', () => undefined)
  await vi.advanceTimersByTimeAsync(UNDO_MS - 1_000)
  useToasts().hold(true)
  await vi.advanceTimersByTimeAsync(UNDO_MS * 10)
  expect(requests).toBe(0)
  useToasts().hold(false)
  await vi.advanceTimersByTimeAsync(999)
  expect(requests).toBe(0)
  await vi.advanceTimersByTimeAsync(1)
  expect(requests).toBe(1)
})

it('closes at once when the notice is put away, or pushed out by others', async () => {
  const toasts = useToasts()
  useClosing().close(view, 'Ann', () => undefined)
  toasts.end(toasts.toasts[0]?.id ?? 0)
  await vi.advanceTimersByTimeAsync(0)
  expect(requests).toBe(1)
  useDesk().apply(snapshot({ conversations: [view] }))
  useClosing().close(view, 'Ann', () => undefined)
  for (const text of ['1', '2', '3', '4']) toasts.show(text)
  await vi.advanceTimersByTimeAsync(0)
  expect(requests).toBe(2)
  expect(toasts.toasts.map(({ text }) => text)).toEqual(['1', '2', '3', '4'])
})
