import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { backoffDelay, MAX_DELAY_MS } from '@/live/backoff'
import { LiveLink, SILENCE_MS, type LinkState } from '@/live/socket'

class FakeSocket {
  readyState = 0
  onmessage: ((event: { data: string }) => void) | null = null
  onclose: (() => void) | null = null
  constructor(readonly url: string) {}
  close() {
    this.readyState = 3
  }
  say(frame: unknown) {
    this.readyState = 1
    this.onmessage?.({ data: JSON.stringify(frame) })
  }
  drop() {
    this.readyState = 3
    this.onclose?.()
  }
}

let sockets: FakeSocket[] = []
let states: LinkState[] = []
let frames: string[] = []
let link: LiveLink
const latest = () => sockets[sockets.length - 1] as FakeSocket

beforeEach(() => {
  vi.useFakeTimers()
  sockets = []
  states = []
  frames = []
  link = new LiveLink({
    url: (after) => `/events?after=${after}`,
    after: 5,
    onFrame: (frame) => frames.push(frame.type),
    onState: (state) => states.push(state),
    connect: (url) => {
      const socket = new FakeSocket(url)
      sockets.push(socket)
      return socket as unknown as WebSocket
    },
    random: () => 1,
  })
  link.start()
})
afterEach(() => {
  link.stop()
  vi.useRealTimers()
})

describe('LiveLink', () => {
  it('resumes behind the last event it applied', () => {
    expect(latest().url).toBe('/events?after=5')
    latest().say({ type: 'hello', event: 9 })
    latest().say({ type: 'event', n: 8, what: 'agent', agent: {} })
    latest().drop()
    vi.advanceTimersByTime(1_000)
    expect(latest().url).toBe('/events?after=8')
    expect(sockets).toHaveLength(2)
  })

  it('learns from ticks and starts over behind a reset', () => {
    latest().say({ type: 'tick', n: 20 })
    expect(link.resumeAfter).toBe(20)
    latest().say({ type: 'reset', event: 3 })
    expect(link.resumeAfter).toBe(3)
  })

  it('does not count an event whose application failed', () => {
    const failing = new LiveLink({
      url: () => '', after: 1, onState: () => undefined, connect: (url) => new FakeSocket(url) as unknown as WebSocket,
      onFrame: () => { throw new Error('broken') },
    })
    const receive = (failing as unknown as { receive: (text: string) => void }).receive.bind(failing)
    expect(() => receive(JSON.stringify({ type: 'event', n: 2, what: 'agent', agent: {} }))).toThrow('broken')
    expect(failing.resumeAfter).toBe(1)
    failing.stop()
  })

  it('waits longer each time and says when it tries again', () => {
    for (const delay of [1_000, 2_000, 4_000]) {
      latest().drop()
      const state = states[states.length - 1]
      expect(state).toMatchObject({ state: 'waiting', retryAt: Date.now() + delay })
      vi.advanceTimersByTime(delay)
    }
    expect(sockets).toHaveLength(4)
  })

  it('remembers since when it is down across attempts', () => {
    latest().say({ type: 'hello', event: 5 })
    vi.advanceTimersByTime(10_000)
    const lostAt = Date.now()
    latest().drop()
    vi.advanceTimersByTime(1_000)
    latest().drop()
    expect(states[states.length - 1]).toMatchObject({ state: 'waiting', since: lostAt })
  })

  it('tries at once when woken, and leaves an open connection alone', () => {
    latest().drop()
    link.wake()
    expect(sockets).toHaveLength(2)
    latest().say({ type: 'hello', event: 5 })
    link.wake()
    expect(sockets).toHaveLength(2)
  })

  it('takes silence for a loss', () => {
    latest().say({ type: 'hello', event: 5 })
    vi.advanceTimersByTime(SILENCE_MS)
    expect(states[states.length - 1]?.state).toBe('waiting')
  })

  it('stays away after bye', () => {
    latest().say({ type: 'bye', code: 'unauthenticated' })
    vi.advanceTimersByTime(120_000)
    expect(sockets).toHaveLength(1)
    expect(frames).toEqual(['bye'])
    expect(states[states.length - 1]?.state).toBe('stopped')
  })

  it('survives a frame that is no JSON', () => {
    latest().onmessage?.({ data: '<html>' })
    expect(frames).toEqual([])
  })
})

describe('backoffDelay', () => {
  it('doubles up to its limit with jitter in the upper half', () => {
    expect(backoffDelay(0, () => 0)).toBe(500)
    expect(backoffDelay(0, () => 1)).toBe(1_000)
    expect(backoffDelay(3, () => 1)).toBe(8_000)
    expect(backoffDelay(50, () => 1)).toBe(MAX_DELAY_MS)
    expect(backoffDelay(50, () => 0)).toBe(MAX_DELAY_MS / 2)
  })
})
