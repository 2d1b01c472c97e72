/**
 * What this console writes: shown at once, sent in order, confirmed by the server's own message.
 * A client id makes every attempt the same message, so trying again never doubles it.
 */
import { defineStore } from 'pinia'
import { reactive } from 'vue'
import { ApiError } from '@/api/client'
import * as api from '@/api/desk'
import type { MediaKind, MessageView } from '@/api/types'
import { uploadMedia } from '@/api/upload'
import type { Outgoing } from '@/desk/outgoing'
import { useDesk } from './desk'
import { useThreads } from './threads'

/** Pauses before the silent retries of a send that got no answer, in milliseconds. */
const PAUSES = [1_000, 3_000, 8_000]

const newId = (): string =>
  globalThis.crypto?.randomUUID?.() ?? `${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 12)}`

export const useOutbox = defineStore('outbox', () => {
  const items = reactive(new Map<string, Outgoing>())
  const aborts = new Map<string, AbortController>()
  /** Per conversation, the end of its queue: messages are posted in the order they were written. */
  const queues = new Map<number, Promise<void>>()

  const of = (conversation: number): Outgoing[] => [...items.values()].filter((item) => item.conversation === conversation)

  function sendText(conversation: number, text: string, force = false) {
    const item = add({ conversation, content: { kind: 'text', text }, state: 'sending', force })
    enqueue(item)
  }

  function sendFile(conversation: number, kind: MediaKind, file: File, mime: string, preview: string, force = false) {
    const item = add({ conversation, content: { kind, file, mime, preview }, state: 'uploading', force })
    enqueue(item, upload(item))
  }

  function add(start: Pick<Outgoing, 'conversation' | 'content' | 'state' | 'force'>): Outgoing {
    const clientId = newId()
    items.set(clientId, { ...start, clientId, at: Date.now(), progress: 0, media: null, reason: null, code: null })
    return items.get(clientId) as Outgoing
  }

  /** Whether the file arrived. */
  async function upload(item: Outgoing): Promise<boolean> {
    const shop = useDesk().shop
    if (!('file' in item.content) || shop === null) return false
    const { file, mime } = item.content
    const abort = new AbortController()
    aborts.set(item.clientId, abort)
    item.state = 'uploading'
    item.reason = null
    try {
      const media = await uploadMedia(shop, file, mime, (fraction) => (item.progress = fraction), abort.signal)
      item.media = media.id
      item.progress = 1
      item.state = 'sending'
      return true
    } catch (error) {
      if (!abort.signal.aborted) fail(item, error)
      return false
    } finally {
      aborts.delete(item.clientId)
    }
  }

  /** What is written after a file waits for it: customers read in the order of the composer. */
  function enqueue(item: Outgoing, ready: Promise<boolean> = Promise.resolve(true)) {
    const before = queues.get(item.conversation) ?? Promise.resolve()
    const mine = Promise.all([ready, before]).then(([sendable]) => (sendable ? post(item) : undefined))
    queues.set(item.conversation, mine)
    void mine.then(() => {
      if (queues.get(item.conversation) === mine) queues.delete(item.conversation)
    })
  }

  async function post(item: Outgoing): Promise<void> {
    const shop = useDesk().shop
    const content =
      item.content.kind === 'text'
        ? { kind: 'text' as const, text: item.content.text }
        : { kind: item.content.kind, media: { id: item.media ?? '' } }
    for (let attempt = 0; shop !== null && items.has(item.clientId); attempt += 1) {
      try {
        confirm(await api.sendMessage(shop, item.conversation, item.clientId, content, item.force))
        return
      } catch (error) {
        const pause = PAUSES[attempt]
        if (!(error instanceof ApiError && error.transient) || pause === undefined) {
          fail(item, error)
          return
        }
        await new Promise((resume) => setTimeout(resume, pause))
      }
    }
  }

  function fail(item: Outgoing, error: unknown) {
    item.state = 'failed'
    item.reason = error instanceof Error ? error.message : String(error)
    item.code = error instanceof ApiError ? error.code : null
  }

  /** The server's message takes the place of ours. */
  function confirm(message: MessageView) {
    useThreads().receive(message)
    if (message.client_id) remove(message.client_id)
  }

  function remove(clientId: string) {
    const item = items.get(clientId)
    if (item && 'preview' in item.content && item.content.preview) URL.revokeObjectURL(item.content.preview)
    items.delete(clientId)
  }

  /** Tries a message again that never reached the server. */
  function retry(item: Outgoing, force = item.force) {
    item.reason = null
    item.code = null
    item.force = force
    if ('file' in item.content && item.media === null) {
      item.progress = 0
      enqueue(item, upload(item))
      return
    }
    item.state = 'sending'
    enqueue(item)
  }

  /** Stops an upload, or forgets a message that could not be sent. */
  function cancel(item: Outgoing) {
    aborts.get(item.clientId)?.abort()
    remove(item.clientId)
  }

  /** Tries a stored message again that the platform refused or never confirmed. */
  async function retryStored(message: MessageView, force = false): Promise<void> {
    const shop = useDesk().shop
    if (shop !== null) useThreads().receive(await api.retryMessage(shop, message.conversation, message.seq, force))
  }

  return { items, of, sendText, sendFile, retry, cancel, retryStored }
})
