import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Hub, type Alert } from '@/alerts/hub'
import { elect } from '@/alerts/leader'
import { isOverdue, noticeOf } from '@/alerts/notice'
import { readAlertSettings } from '@/stores/alerts'
import { conversation } from './fixtures'

describe('what calls for attention', () => {
  const wrote = (seq: number) => ({ last_seq: seq, last: { at: 1, from: 'customer', kind: 'text', text: 'x' } as const })
  const mine = { state: 'active', owner: 7 } as const
  it('a new customer once, and each message of my own', () => {
    expect(noticeOf(undefined, conversation(1, wrote(1)), 7)).toBe('new')
    expect(noticeOf(conversation(1, wrote(1)), conversation(1, wrote(2)), 7)).toBeNull()
    expect(noticeOf(undefined, conversation(1, { ...mine, ...wrote(1) }), 7)).toBe('new')
    expect(noticeOf(conversation(1, { ...mine, ...wrote(1) }), conversation(1, { ...mine, ...wrote(2) }), 7)).toBe('message')
  })
  it('not what I wrote, read or took, nor what is a colleague’s', () => {
    const said = { ...mine, last_seq: 3, last: { at: 1, from: 'agent', kind: 'text', text: 'x' } as const }
    expect(noticeOf(conversation(1, { ...mine, ...wrote(2) }), conversation(1, said), 7)).toBeNull()
    expect(noticeOf(conversation(1, { ...mine, ...wrote(2) }), conversation(1, { ...mine, ...wrote(2), unread: 0 }), 7)).toBeNull()
    expect(noticeOf(conversation(1, wrote(2)), conversation(1, { ...mine, ...wrote(2) }), 7)).toBeNull()
    expect(noticeOf(undefined, conversation(1, { state: 'active', owner: 8, ...wrote(2) }), 7)).toBeNull()
  })
  it('again after a minute without an answer', () => {
    const waiting = conversation(1, { waiting_since: 0 })
    expect([isOverdue(waiting, 60_000, 7), isOverdue(waiting, 60_001, 7)]).toEqual([false, true])
    const answered = conversation(1, { ...mine, last: { at: 0, from: 'agent', kind: 'text', text: '' } })
    expect(isOverdue(answered, 1e9, 7)).toBe(false)
  })
  it('an offered transfer once, a new offer again, another’s not at all', () => {
    const offer = (to: number, at = 5) => conversation(1, { state: 'active', owner: 8, ...wrote(3), transfer: { from: 8, to, note: 'tea', at, until: at + 120_000 } })
    const held = conversation(1, { state: 'active', owner: 8, ...wrote(3) })
    expect(noticeOf(undefined, offer(7), 7)).toBe('offer')
    expect(noticeOf(held, offer(7), 7)).toBe('offer')
    expect(noticeOf(offer(7), offer(7), 7)).toBeNull()
    expect(noticeOf(offer(7), offer(7, 9), 7)).toBe('offer')
    expect(noticeOf(held, offer(9), 7)).toBeNull()
    expect([isOverdue(offer(7), 60_005, 7), isOverdue(offer(7), 60_006, 7)]).toEqual([false, true])
  })
})

describe('several tabs', () => {
  const alert = (key: string, conversation = 5): Alert => ({ key, shop: 1, conversation, title: '', body: '', veiled: '' })
  let tabs: Array<{ hub: Hub; act: ReturnType<typeof vi.fn> }>
  beforeEach(() => {
    const channels: Array<{ onmessage: ((event: { data: unknown }) => void) | null }> = []
    tabs = [0, 1, 2].map((index) => {
      const channel = {
        onmessage: null as ((event: { data: unknown }) => void) | null,
        close: () => undefined,
        postMessage: (data: unknown) => channels.forEach((other) => other !== channel && other.onmessage?.({ data })),
      }
      channels.push(channel)
      const act = vi.fn()
      return { act, hub: new Hub({ tab: String(index), leads: () => index === leader, act, channel: channel as unknown as BroadcastChannel }) }
    })
  })
  let leader = 0
  const acted = () => tabs.map(({ act }) => act.mock.calls.length)

  it('ring once, wherever it is learned of first', () => {
    for (const tab of [...tabs].reverse()) tab.hub.report(alert('1.5.1'))
    expect(acted()).toEqual([1, 0, 0])
    tabs[2]?.hub.report(alert('1.5.2'))
    expect(acted()).toEqual([2, 0, 0])
  })
  it('ring for what a leader who has just gone left undone', () => {
    leader = -1
    tabs[1]?.hub.report(alert('1.5.1'))
    leader = 2
    tabs[2]?.hub.lead()
    tabs[2]?.hub.lead()
    tabs[1]?.hub.report(alert('1.5.1'))
    expect(acted()).toEqual([0, 0, 1])
    leader = 1
    tabs[1]?.hub.lead()
    expect(acted()).toEqual([0, 0, 1])
    leader = 0
  })
  it('stay silent about the chat somebody is looking at', () => {
    tabs[1]?.hub.look({ shop: 1, conversation: 5 })
    tabs[0]?.hub.report(alert('1.5.1'))
    expect(acted()).toEqual([0, 0, 0])
    tabs[0]?.hub.report(alert('1.6.1', 6))
    expect(tabs[0]?.act).toHaveBeenCalledWith(alert('1.6.1', 6), true)
    tabs[1]?.hub.look(null)
    tabs[0]?.hub.report(alert('1.5.2'))
    expect(tabs[0]?.act).toHaveBeenLastCalledWith(alert('1.5.2'), false)
  })
})

it('settings of another version or hand are taken as far as they make sense', () => {
  const defaults = readAlertSettings(null)
  for (const text of ['', 'x', '[]', 'null', '{"sound":"no","volume":"loud"}']) expect(readAlertSettings(text)).toEqual(defaults)
  expect(readAlertSettings('{"sound":false,"volume":7,"more":1}')).toEqual({ ...defaults, sound: false, volume: 1 })
})

describe('without locks (plain HTTP)', () => {
  beforeEach(() => {
    vi.useFakeTimers()
    localStorage.clear()
  })
  afterEach(() => void vi.useRealTimers())

  it('one of the tabs leads, though all ask at the same moment; the next one when it goes', () => {
    const onLead = [vi.fn(), vi.fn(), vi.fn()]
    const tabs = onLead.map((lead, index) => elect(`t${index}`, () => true, lead))
    const leading = () => tabs.map((tab) => tab.leads()).filter(Boolean).length
    expect(leading()).toBe(0)
    vi.advanceTimersByTime(300)
    expect(leading()).toBe(1)
    expect(onLead.map((lead) => lead.mock.calls.length)).toEqual([1, 0, 0])
    vi.advanceTimersByTime(60_000)
    expect(tabs.map((tab) => tab.leads())).toEqual([true, false, false])
    tabs[0]?.stop()
    vi.advanceTimersByTime(3_000)
    expect(leading()).toBe(1)
    // One that vanished without a word is waited for as long as its lease lasts; timers of hidden tabs may sleep.
    localStorage.setItem('weikefu.alerts.leader', `gone ${Date.now() + 5_000} 1`)
    expect(leading()).toBe(0)
    vi.advanceTimersByTime(8_000)
    expect(leading()).toBe(1)
    for (const tab of tabs) tab.stop()
  })

  it('a tab that may sound takes over from one that may not', () => {
    let touched = false
    const silent = elect('silent', () => false, () => undefined)
    vi.advanceTimersByTime(300)
    expect(silent.leads()).toBe(true)
    const other = elect('other', () => touched, () => undefined)
    vi.advanceTimersByTime(3_000)
    expect([silent.leads(), other.leads()]).toEqual([true, false])
    touched = true
    vi.advanceTimersByTime(3_000)
    expect([silent.leads(), other.leads()]).toEqual([false, true])
    for (const tab of [silent, other]) tab.stop()
  })
})
