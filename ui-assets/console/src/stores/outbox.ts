/**
 * What this console writes: shown at once, sent in order, confirmed by the server's own message. Without a
 * connection it waits, over a reload too, and goes out when the connection is back. A client id makes every
 * attempt the same message, so trying again never doubles it.
 */
import { defineStore } from 'pinia'
import { reactive, watch } from 'vue'
import { ApiError } from '@/api/client'
import * as api from '@/api/desk'
import type { MediaKind, MessageView } from '@/api/types'
import { uploadMedia } from '@/api/upload'
import { customerName } from '@/desk/names'
import { GIVE_UP_MS, type Outgoing, type OutgoingContent } from '@/desk/outgoing'
import { translate } from '@/i18n'
import { useDesk } from './desk'
import { useThreads } from './threads'
import { useToasts } from './toasts'
import { insist, wakeAll, type Insisting } from './unsent/insist'
import { forget, keep, keyOf, recall } from './unsent/shelf'

const newId = (): string =>
  globalThis.crypto?.randomUUID?.() ?? `${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 12)}`

export const useOutbox = defineStore('outbox', () => {
  const desk = useDesk()
  const items = reactive(new Map<string, Outgoing>())
  const aborts = new Map<string, AbortController>()
  /** Per conversation, the end of its queue: messages are posted in the order they were written. */
  const queues = new Map<string, Promise<unknown>>()
  /** Whose messages these are. */
  let agent = 0
  let latest = 0

  const of = (conversation: number): Outgoing[] => [...items.values()].filter((item) => item.conversation === conversation && item.shop === desk.shop)

  const sendText = (conversation: number, text: string, force = false) => add(conversation, { kind: 'text', text }, force)

  const sendFile = (conversation: number, kind: MediaKind, file: File, mime: string, preview: string, force = false) =>
    add(conversation, { kind, file, mime, preview }, force)

  function add(conversation: number, content: OutgoingContent, force: boolean) {
    if (desk.shop === null) return
    agent = desk.me?.id ?? agent
    const view = desk.conversations.get(conversation)
    // Of two written in the same millisecond the later one stays the later one.
    const at = (latest = Math.max(Date.now(), latest + 1))
    const start = { clientId: newId(), shop: desk.shop, conversation, name: view ? customerName(view.customer, view.channel) : '', at, since: at, content, force }
    begin(hold({ ...start, state: 'sending', progress: 0, media: null, reason: null, code: null }))
  }

  function hold(item: Outgoing): Outgoing {
    items.set(item.clientId, item)
    const held = items.get(item.clientId) as Outgoing
    keep(agent, held)
    return held
  }

  /** What is written after a file waits for it: customers read in the order of the composer. */
  function begin(item: Outgoing) {
    const line = `${item.shop}.${item.conversation}`
    const before = queues.get(line) ?? Promise.resolve()
    const loaded = 'file' in item.content && item.media === null ? upload(item) : Promise.resolve(true)
    if (of(item.conversation).some((other) => other.state === 'waiting')) setWaiting(item)
    const mine = Promise.all([loaded, before]).then(([sendable]) => (sendable ? post(item) : false))
    queues.set(line, mine)
    void mine.then(() => queues.get(line) === mine && queues.delete(line))
  }

  const insisting = (item: Outgoing): Insisting => ({
    wanted: () => items.get(item.clientId) === item,
    connected: () => desk.link.state === 'open',
    until: () => item.since + GIVE_UP_MS,
    onWaiting: () => of(item.conversation).forEach((other) => other.at >= item.at && setWaiting(other)),
  })

  function setWaiting(item: Outgoing) {
    if (item.state === 'sending' || item.state === 'uploading') item.state = 'waiting'
  }

  /** Whether the file arrived. */
  async function upload(item: Outgoing): Promise<boolean> {
    const { content, shop, clientId } = item
    if (!('file' in content)) return true
    return attempts(item, async () => {
      const abort = new AbortController()
      aborts.set(clientId, abort)
      if (desk.link.state === 'open' || item.state !== 'waiting') item.state = 'uploading'
      try {
        const media = await uploadMedia(shop, content.file, content.mime, (fraction) => (item.progress = fraction), abort.signal)
        Object.assign(item, { media: media.id, progress: 1, state: 'sending' })
        keep(agent, item)
      } finally {
        aborts.delete(clientId)
      }
    })
  }

  function post(item: Outgoing): Promise<boolean> {
    const content = item.content.kind === 'text' ? { kind: 'text' as const, text: item.content.text } : { kind: item.content.kind, media: { id: item.media ?? '' } }
    return attempts(item, async () => {
      if (desk.link.state === 'open') item.state = 'sending'
      confirm(item, await api.sendMessage(item.shop, item.conversation, item.clientId, content, item.force))
    })
  }

  async function attempts(item: Outgoing, attempt: () => Promise<void>): Promise<boolean> {
    try {
      return await insist(attempt, insisting(item))
    } catch (error) {
      if (items.get(item.clientId) === item) fail(item, error)
      return false
    }
  }

  function fail(item: Outgoing, error: unknown) {
    const late = error instanceof ApiError && error.transient
    item.state = 'failed'
    item.reason = late ? translate('outbox.gave_up', { minutes: GIVE_UP_MS / 60_000 }) : error instanceof Error ? error.message : String(error)
    item.code = error instanceof ApiError ? error.code : null
    keep(agent, item)
    // Nobody looks at it, and its chat may be in no list any more.
    if (desk.focused === item.conversation) return
    const view = desk.conversations.get(item.conversation)
    const action = view ? { label: translate('outbox.see'), run: () => open?.(item.conversation) } : null
    useToasts().show(translate('outbox.lost', { name: item.name, reason: item.reason }), { tone: 'error', lasts: 15_000, action })
  }

  /** The server's message takes the place of ours. */
  function confirm(item: Outgoing, message: MessageView) {
    if (item.shop === desk.shop) useThreads().receive(message)
    remove(item)
  }

  function remove(item: Outgoing) {
    drop(item)
    forget(agent, item)
  }

  function drop(item: Outgoing) {
    if ('preview' in item.content && item.content.preview) URL.revokeObjectURL(item.content.preview)
    items.delete(item.clientId)
  }

  /** Tries a message again that never reached the server. */
  function retry(item: Outgoing, force = item.force) {
    Object.assign(item, { reason: null, code: null, force, since: Date.now(), state: 'sending' })
    keep(agent, item)
    begin(item)
  }

  /** Stops an upload, or forgets a message that could not be sent. */
  function cancel(item: Outgoing) {
    aborts.get(item.clientId)?.abort()
    remove(item)
  }

  /** Tries a stored message again that the platform refused or never confirmed. */
  async function retryStored(message: MessageView, force = false): Promise<void> {
    if (desk.shop !== null) useThreads().receive(await api.retryMessage(desk.shop, message.conversation, message.seq, force))
  }

  /** How a chat is opened; set by who owns the pages. */
  let open: ((conversation: number) => void) | undefined
  const onOpen = (how: typeof open) => (open = how)

  // A shop is entered: what was left there goes on. Another is left: its messages stay in this browser.
  watch(
    () => (desk.loaded && desk.me ? `${desk.me.id}.${desk.shop}` : ''),
    async (place) => {
      for (const item of [...items.values()]) if (`${agent}.${item.shop}` !== place) drop(item)
      const { me, shop } = desk
      if (place === '' || !me || shop === null) return
      agent = me.id
      for (const item of await recall(agent, shop, Date.now())) {
        if (desk.shop !== shop || items.has(item.clientId)) continue
        const held = hold(item)
        if (held.state !== 'failed') begin(held)
      }
    },
    { immediate: true },
  )
  watch(() => desk.link.state, (state) => state === 'open' && wakeAll())
  // Another tab has sent or given up the same message.
  addEventListener('storage', (event) => {
    if (event.newValue !== null || event.key === null) return
    for (const item of items.values()) if (keyOf(agent, item) === event.key) drop(item)
  })

  return { items, of, sendText, sendFile, retry, cancel, retryStored, onOpen }
})
