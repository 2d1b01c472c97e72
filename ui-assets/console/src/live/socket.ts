/**
 * The one live connection of the console: keeps it open, resumes by event number, says how it fares.
 * It does not know what the events mean; the desk store applies them.
 */
import type { LiveFrame } from '@/api/types'
import { backoffDelay } from './backoff'

/** A server that says nothing for this long (it ticks every 20 s) is taken for gone. */
export const SILENCE_MS = 45_000

export type LinkState =
  | { state: 'connecting'; since: number }
  | { state: 'open' }
  | { state: 'waiting'; since: number; retryAt: number }
  | { state: 'stopped' }

export interface LiveOptions {
  /** Address for a connection that resumes behind event `after`. */
  url: (after: number) => string
  /** The number of the last event already applied. */
  after: number
  onFrame: (frame: LiveFrame) => void
  onState: (state: LinkState) => void
  connect?: (url: string) => WebSocket
  now?: () => number
  random?: () => number
}

export class LiveLink {
  private socket: WebSocket | null = null
  private attempt = 0
  private after: number
  private downSince: number
  private retryTimer: ReturnType<typeof setTimeout> | undefined
  private silenceTimer: ReturnType<typeof setTimeout> | undefined
  private stopped = true

  constructor(private readonly options: LiveOptions) {
    this.after = options.after
    this.downSince = this.now()
  }

  /** The number a new connection would resume behind. */
  get resumeAfter(): number {
    return this.after
  }

  start(): void {
    if (!this.stopped) return
    this.stopped = false
    this.downSince = this.now()
    globalThis.addEventListener?.('online', this.wake)
    globalThis.document?.addEventListener('visibilitychange', this.wakeWhenVisible)
    this.open()
  }

  stop(): void {
    this.stopped = true
    clearTimeout(this.retryTimer)
    clearTimeout(this.silenceTimer)
    globalThis.removeEventListener?.('online', this.wake)
    globalThis.document?.removeEventListener('visibilitychange', this.wakeWhenVisible)
    this.drop()
    this.options.onState({ state: 'stopped' })
  }

  /** Tries at once instead of waiting for the back-off; does nothing on an open connection. */
  readonly wake = (): void => {
    if (this.stopped || this.socket?.readyState === 1) return
    this.attempt = 0
    clearTimeout(this.retryTimer)
    this.drop()
    this.open()
  }

  private readonly wakeWhenVisible = (): void => {
    if (document.visibilityState === 'visible') this.wake()
  }

  private now(): number {
    return (this.options.now ?? Date.now)()
  }

  private open(): void {
    this.options.onState({ state: 'connecting', since: this.downSince })
    const connect = this.options.connect ?? ((url: string) => new WebSocket(url))
    const socket = connect(this.options.url(this.after))
    this.socket = socket
    socket.onmessage = (event: MessageEvent) => {
      if (this.socket !== socket) return
      this.receive(String(event.data))
    }
    socket.onclose = () => {
      if (this.socket === socket) this.lost()
    }
    // A connection attempt that hangs is as bad as a silent server.
    this.watch()
  }

  private receive(text: string): void {
    let frame: LiveFrame
    try {
      frame = JSON.parse(text) as LiveFrame
    } catch {
      return
    }
    this.watch()
    if (frame.type === 'hello') {
      this.attempt = 0
      this.options.onState({ state: 'open' })
    }
    if (frame.type === 'bye') {
      this.options.onFrame(frame)
      this.stop()
      return
    }
    // Remember a number only after its event was applied: a failure in between resumes before it.
    this.options.onFrame(frame)
    if (frame.type === 'event' || frame.type === 'tick') this.after = Math.max(this.after, frame.n)
    if (frame.type === 'reset') this.after = frame.event
  }

  private watch(): void {
    clearTimeout(this.silenceTimer)
    this.silenceTimer = setTimeout(() => this.lost(), SILENCE_MS)
  }

  private lost(): void {
    const wasOpen = this.attempt === 0
    this.drop()
    if (this.stopped) return
    if (wasOpen) this.downSince = this.now()
    const delay = backoffDelay(this.attempt, this.options.random)
    this.attempt += 1
    this.options.onState({ state: 'waiting', since: this.downSince, retryAt: this.now() + delay })
    this.retryTimer = setTimeout(() => this.open(), delay)
  }

  private drop(): void {
    clearTimeout(this.silenceTimer)
    const socket = this.socket
    this.socket = null
    if (!socket) return
    socket.onmessage = null
    socket.onclose = null
    socket.close()
  }
}
