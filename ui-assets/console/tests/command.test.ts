import { mount } from '@vue/test-utils'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { defineComponent, nextTick, ref } from 'vue'
import { isCommandKey } from '@/command/key'
import { choose, fit, MOST_OF_GROUP, type Command, type CommandGroup } from '@/command/match'
import { useRemote } from '@/command/remote'

const command = (id: string, label: string, group: CommandGroup = 'actions', more: Partial<Command> = {}): Command => ({ id, label, group, run: () => undefined, ...more })
const ids = (commands: Command[]) => commands.map(({ id }) => id)

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

it('finds by every word typed, the beginning of a name first', () => {
  const tea = command('tea', '小雨（喜欢绿茶）', 'conversations', { hint: '接入中 · 公众号', words: '7 老客户 请问 发货 吗' })
  expect(fit(tea, '小雨')).toBeGreaterThan(fit(tea, '绿茶'))
  expect(fit(tea, '绿茶')).toBeGreaterThan(fit(tea, '发货'))
  expect(fit(tea, '老客户 小雨')).toBeGreaterThan(0)
  expect(fit(tea, '小雨 红茶')).toBe(0)
  expect(fit(command('x', 'Go OFFLINE', 'actions', { words: 'lixian' }), 'offline LIXIAN')).toBeGreaterThan(0)
})

it('keeps groups in order, the best first and none endless', () => {
  const many = Array.from({ length: 9 }, (_, index) => command(`c${index}`, `customer ${index}`, 'conversations'))
  const list = [command('page', 'customers', 'pages'), command('b', 'add customer'), command('a', 'customer of the day'), ...many]
  expect(ids(choose(list, 'customer'))).toEqual([...ids(many.slice(0, MOST_OF_GROUP)), 'a', 'b', 'page'])
  expect(ids(choose([command('c', 'Ann', 'conversations', { words: 'i am offline' }), command('a', 'Go offline')], 'offline'))).toEqual(['a', 'c'])
  expect(choose(list, 'zzz')).toEqual([])
  expect(ids(choose([...list, command('first', 'first', 'pages', { first: true })], ' '))).toEqual(['first'])
})

it('its key is Ctrl or ⌘ with K and nothing else', () => {
  const press = (more: Partial<KeyboardEvent>) => isCommandKey({ code: 'KeyK', ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, isComposing: false, ...more })
  expect([press({ ctrlKey: true }), press({ metaKey: true })]).toEqual([true, true])
  expect([press({}), press({ ctrlKey: true, altKey: true }), press({ ctrlKey: true, shiftKey: true }), press({ ctrlKey: true, isComposing: true })]).toEqual([false, false, false, false])
})

it('what a server finds joins the list; only the last question counts, and one source may fail', async () => {
  const asked: string[] = []
  const answers: Array<() => void> = []
  const slow = { least: 2, find: (query: string, signal: AbortSignal) => {
    asked.push(query)
    return new Promise<Command[]>((resolve) => answers.push(() => resolve(signal.aborted ? [] : [command(query, query)])))
  } }
  const broken = { least: 3, find: () => Promise.reject(new Error('busy')) }
  const query = ref('')
  let remote!: ReturnType<typeof useRemote>
  mount(defineComponent({ setup: () => ((remote = useRemote(query, [slow, broken])), () => null) }))
  const type = async (text: string) => {
    query.value = text
    await nextTick()
    await vi.advanceTimersByTimeAsync(250)
  }
  await type('a')
  expect([asked, remote.asking.value]).toEqual([[], false])
  await type('ab')
  await type('abc')
  for (const answer of answers) answer()
  await vi.advanceTimersByTimeAsync(1)
  expect(asked).toEqual(['ab', 'abc'])
  expect(ids(remote.found.value)).toEqual(['abc'])
  expect([remote.failure.value, remote.asking.value]).toEqual(['busy', false])
})
