/**
 * What the tabs of one browser tell each other: what has happened, and who is looking at what. Every tab
 * reports what it learns; the leader acts on each report once. Tabs may show different shops.
 */

export interface Alert {
  /** The same in every tab that learns of it. */
  key: string
  shop: number
  /** Null for "somebody is still waiting". */
  conversation: number | null
  title: string
  body: string
  /** What it says where content is hidden. */
  veiled: string
}

/** What a tab shows; null while it is not in front. */
export interface Look {
  shop: number
  conversation: number | null
}

type Word = { kind: 'alert'; alert: Alert } | { kind: 'look'; tab: string; look: Look | null } | { kind: 'done'; key: string } | { kind: 'who' }

/** Enough to know what several tabs report about the same moment. */
const REMEMBERED = 500
/** How long a report waits for a leader to act on it: one may just have been closed. */
const PATIENCE_MS = 5_000

export interface HubOptions {
  tab: string
  leads: () => boolean
  /** Somebody may be looking at the console; nobody at this conversation. */
  act: (alert: Alert, watched: boolean) => void
  channel?: BroadcastChannel | null
}

export class Hub {
  private readonly looks = new Map<string, Look>()
  private readonly known = new Set<string>()
  /** Reports that no leader has acted on, as far as this tab knows. */
  private readonly open = new Map<string, { alert: Alert; at: number }>()
  private mine: Look | null = null
  private readonly channel: BroadcastChannel | null

  constructor(private readonly options: HubOptions) {
    const made = options.channel === undefined && 'BroadcastChannel' in globalThis ? new BroadcastChannel('weikefu.alerts') : options.channel
    this.channel = made ?? null
    if (this.channel) this.channel.onmessage = (event: MessageEvent<Word>) => this.hear(event.data)
    this.say({ kind: 'who' })
  }

  /** This tab has learned of something. */
  report(alert: Alert): void {
    this.say({ kind: 'alert', alert })
    this.consider(alert)
  }

  /** This tab shows something else now. */
  look(look: Look | null): void {
    this.mine = look
    this.note(this.options.tab, look)
    this.say({ kind: 'look', tab: this.options.tab, look })
  }

  stop(): void {
    this.look(null)
    this.channel?.close()
  }

  private hear(word: Word): void {
    if (word.kind === 'alert') this.consider(word.alert)
    if (word.kind === 'done') this.settle(word.key)
    if (word.kind === 'look') this.note(word.tab, word.look)
    if (word.kind === 'who' && this.mine) this.say({ kind: 'look', tab: this.options.tab, look: this.mine })
  }

  private note(tab: string, look: Look | null): void {
    // One window is in front at a time: whoever says so last is.
    if (look) this.looks.clear()
    else this.looks.delete(tab)
    if (look) this.looks.set(tab, look)
  }

  /** Every tab remembers, so that a new leader does not ring for what the old one has rung for. */
  private consider(alert: Alert): void {
    if (this.known.has(alert.key)) return
    this.known.add(alert.key)
    if (this.known.size > REMEMBERED) this.known.delete(this.known.values().next().value as string)
    this.open.set(alert.key, { alert, at: Date.now() })
    if (this.options.leads()) this.act(alert)
    else for (const [key, { at }] of this.open) if (Date.now() - at > PATIENCE_MS) this.open.delete(key)
  }

  /** This tab leads from now on: what the one before it left undone is done. */
  lead(): void {
    for (const { alert, at } of [...this.open.values()]) if (Date.now() - at <= PATIENCE_MS) this.act(alert)
    this.open.clear()
  }

  private settle(key: string): void {
    this.known.add(key)
    this.open.delete(key)
  }

  private act(alert: Alert): void {
    if (!this.open.delete(alert.key)) return
    this.say({ kind: 'done', key: alert.key })
    const looks = [...this.looks.values()]
    if (alert.conversation !== null && looks.some((look) => look.shop === alert.shop && look.conversation === alert.conversation)) return
    this.options.act(alert, looks.length > 0)
  }

  private say(word: Word): void {
    this.channel?.postMessage(word)
  }
}
