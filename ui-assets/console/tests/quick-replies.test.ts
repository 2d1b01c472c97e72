import { createPinia, setActivePinia } from 'pinia'
import { nextTick } from 'vue'
import { beforeEach, expect, it, vi } from 'vitest'
import type { QuickReplies } from '@/api/quick-replies'
import { useDesk } from '@/stores/desk'
import { matching, useQuickReplies, type QuickHit } from '@/stores/quick-replies'

const hit = (title: string, text: string, folder = ''): QuickHit => ({ reply: { id: 1, title, text }, box: 'mine', folder })

it('finds beginnings before middles, and folders last', () => {
  const hits = [hit('', '关于发货的问题'), hit('发货时间', 'x'), hit('', '您好', '发货'), hit('', '发货了'), hit('查发货', 'y'), hit('无关', 'z')]
  expect(matching(hits, ' 发货 ').map((found) => hits.indexOf(found))).toEqual([1, 3, 4, 0, 2])
  expect(matching(hits, '')).toEqual(hits)
  expect(matching([hit('Hello', '')], 'hEL')).toHaveLength(1)
})

const boxes = (text: string): QuickReplies => ({
  mine: { folders: [], replies: [{ id: 1, title: '', text }] },
  shared: { folders: [{ id: 1, name: '物流', replies: [{ id: 2, title: '', text: '在路上' }] }], replies: [] },
})

beforeEach(() => setActivePinia(createPinia()))

it('loads once, and again when somebody changes something', async () => {
  const asked = vi.fn(async () => new Response(JSON.stringify(boxes(`${asked.mock.calls.length}`))))
  vi.stubGlobal('fetch', asked)
  const desk = useDesk()
  desk.shop = 1
  const store = useQuickReplies()
  await Promise.all([store.ensure(), store.ensure()])
  expect(asked).toHaveBeenCalledOnce()
  expect(store.search('').map((found) => [found.box, found.folder, found.reply.text])).toEqual([['mine', '', '1'], ['shared', '物流', '在路上']])
  desk.receive({ type: 'event', n: 1, what: 'changed', topic: 'quick_replies' })
  await vi.waitFor(() => expect(store.search('2')).toHaveLength(1))
  desk.receive({ type: 'event', n: 2, what: 'changed', topic: 'tags' })
  await nextTick()
  expect(asked).toHaveBeenCalledTimes(2)
  // Another shop's replies are never shown.
  desk.shop = 2
  const loading = store.ensure()
  expect(store.all).toEqual([])
  await loading
  expect(asked).toHaveBeenCalledTimes(3)
})
