/**
 * The chats that were opened: their loaded messages, kept without holes while events arrive.
 * A thread is one customer on one channel, across conversations.
 */
import { defineStore } from 'pinia'
import { reactive } from 'vue'
import * as api from '@/api/desk'
import type { ConversationView, MessageView } from '@/api/types'
import { byCursor, cursorOf, type Cursor } from '@/desk/cursor'
import { continues, highestSeq, mergeMessages, repairCursor } from '@/desk/thread'
import { useDesk } from './desk'

const PAGE = 50
const REPAIR_PAGE = 200
/** Opened chats kept current; the one not looked at for longest is dropped first. */
const KEPT = 15
/** An announced message usually arrives within this time; otherwise it is fetched. */
const GRACE_MS = 1_500

export interface Thread {
  key: string
  customer: number
  channel: number
  messages: MessageView[]
  more: boolean
  loaded: boolean
  loading: boolean
  failure: unknown
}

export const threadKey = (view: Pick<ConversationView, 'customer' | 'channel'>): string => `${view.customer.id}.${view.channel.id}`

export const useThreads = defineStore('threads', () => {
  const threads = reactive(new Map<string, Thread>())
  const repairs = new Map<string, Promise<void>>()
  const again = new Set<string>()
  const waits = new Map<number, ReturnType<typeof setTimeout>>()
  let generation = 0

  /** Opens the thread of a conversation, loading its newest page the first time. */
  async function open(view: ConversationView): Promise<Thread> {
    const key = threadKey(view)
    let thread = threads.get(key)
    if (!thread) {
      threads.set(key, {
        key, customer: view.customer.id, channel: view.channel.id,
        messages: [], more: false, loaded: false, loading: false, failure: null,
      })
      thread = threads.get(key) as Thread
    }
    threads.delete(key)
    threads.set(key, thread)
    for (const old of [...threads.keys()].slice(0, Math.max(0, threads.size - KEPT))) threads.delete(old)
    if (!thread.loaded) await page(thread, undefined)
    else await catchUp(thread, view)
    return thread
  }

  /** Loads the page above what is held. */
  async function older(thread: Thread): Promise<void> {
    const first = thread.messages[0]
    if (thread.more && first) await page(thread, cursorOf(first))
  }

  /** Loads history until a message is held, so that nothing lies between it and the end; false when it is not there. */
  async function reach(thread: Thread, cursor: Cursor): Promise<boolean> {
    const held = () => thread.messages.some((message) => cursorOf(message) === cursor)
    while (!held() && thread.more) {
      const first = thread.messages[0]
      if (!first) return false
      await page(thread, cursorOf(first), REPAIR_PAGE)
      if (thread.failure !== null) throw thread.failure
      const now = thread.messages[0]
      // Somebody else's page may have been under way; without progress there is nothing to wait for.
      if (now && cursorOf(now) === cursorOf(first)) await new Promise((resume) => setTimeout(resume, 100))
    }
    return held()
  }

  async function page(thread: Thread, before: string | undefined, limit = PAGE): Promise<void> {
    const shop = useDesk().shop
    if (thread.loading || shop === null) return
    thread.loading = true
    thread.failure = null
    const started = generation
    try {
      const answer = await api.loadMessages(shop, thread.customer, { channel: thread.channel, limit, ...(before ? { before } : {}) })
      if (started !== generation) return
      thread.messages = mergeMessages(thread.messages, answer.messages)
      thread.more = answer.more
      thread.loaded = true
    } catch (error) {
      thread.failure = error
    } finally {
      thread.loading = false
    }
  }

  /** A message from an event or an answer. */
  function receive(message: MessageView) {
    const thread = threadOf(message)
    if (!thread?.loaded) return
    const oldest = thread.messages[0]
    // Changes of messages above what is loaded come with their page.
    if (oldest && thread.more && byCursor(message, oldest) < 0) return
    const whole = continues(thread.messages, message)
    if (whole) thread.messages = mergeMessages(thread.messages, [message])
    else void repair(thread)
  }

  function threadOf(message: MessageView): Thread | undefined {
    const view = useDesk().conversations.get(message.conversation)
    if (view) return threads.get(threadKey(view))
    for (const thread of threads.values()) {
      if (thread.messages.some((held) => held.conversation === message.conversation)) return thread
    }
    return undefined
  }

  /** A conversation says how far it has come; when its messages do not follow, they are fetched. */
  function expect(view: ConversationView) {
    const thread = threads.get(threadKey(view))
    if (!thread?.loaded || behind(thread, view) === false) return
    clearTimeout(waits.get(view.id))
    waits.set(
      view.id,
      setTimeout(() => {
        waits.delete(view.id)
        if (behind(thread, view)) void repair(thread)
      }, GRACE_MS),
    )
  }

  const behind = (thread: Thread, view: ConversationView) => highestSeq(thread.messages, view.id) < view.last_seq

  async function catchUp(thread: Thread, view: ConversationView) {
    if (behind(thread, view)) await repair(thread)
  }

  /** Fetches what is missing behind the last cursor held; one repair per thread at a time. */
  function repair(thread: Thread): Promise<void> {
    const running = repairs.get(thread.key)
    if (running) {
      again.add(thread.key)
      return running
    }
    const run = fetchBehind(thread)
      .catch((error: unknown) => {
        thread.failure = error
      })
      .finally(() => {
        repairs.delete(thread.key)
        if (again.delete(thread.key)) void repair(thread)
      })
    repairs.set(thread.key, run)
    return run
  }

  async function fetchBehind(thread: Thread): Promise<void> {
    const shop = useDesk().shop
    const started = generation
    let after = repairCursor(thread.messages)
    if (shop === null) return
    if (after === null) return page(thread, undefined)
    for (;;) {
      const answer = await api.loadMessages(shop, thread.customer, { channel: thread.channel, after, limit: REPAIR_PAGE })
      if (started !== generation) return
      thread.messages = mergeMessages(thread.messages, answer.messages)
      const last = answer.messages[answer.messages.length - 1]
      if (!answer.more || !last) return
      after = cursorOf(last)
    }
  }

  /** After a reset: every opened chat is read on from its last cursor. */
  async function repairAll(): Promise<void> {
    await Promise.all([...threads.values()].filter((thread) => thread.loaded).map(repair))
  }

  /** After a reconnect: chats whose loading failed try again. */
  async function resume(): Promise<void> {
    await Promise.all(
      [...threads.values()]
        .filter((thread) => thread.failure !== null)
        .map((thread) => (thread.loaded ? repair(thread) : page(thread, undefined))),
    )
  }

  function clear() {
    generation += 1
    threads.clear()
    repairs.clear()
    again.clear()
    for (const timer of waits.values()) clearTimeout(timer)
    waits.clear()
  }

  return { threads, open, older, reach, receive, expect, repair, repairAll, resume, clear }
})
