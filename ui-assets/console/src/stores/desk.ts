/**
 * The live state of one shop's desk: agents, conversations, channels, and the connection that keeps
 * them current. Messages live in the threads store.
 */
import { defineStore } from 'pinia'
import { computed, reactive, ref, shallowRef } from 'vue'
import { ApiError, reportLoss } from '@/api/client'
import * as api from '@/api/desk'
import { checkSession } from '@/api/session'
import { answerTransfer, loadOthers } from '@/api/chat'
import type { AgentView, ChannelView, ConversationView, Desk, LiveFrame, MyAgentView, ReturnReason, Topic } from '@/api/types'
import { byActivity, byWaiting, isListed, isNewer, isOffered } from '@/desk/order'
import { LiveLink, type LinkState } from '@/live/socket'
import { usePrefs } from './prefs'
import { useThreads } from './threads'

/** What others may want to know about events, e.g. to say it to the user. */
export type DeskEvent =
  | { kind: 'left'; before: ConversationView; after: ConversationView }
  | { kind: 'conversation'; before: ConversationView | undefined; after: ConversationView }
  /** A colleague offers a conversation to me. */
  | { kind: 'offered'; view: ConversationView }
  /** An offer was not taken; the conversation stays where it was. */
  | { kind: 'returned'; conversation: number; reason: ReturnReason }
export type DeskListener = (event: DeskEvent) => void

export const useDesk = defineStore('desk', () => {
  const shop = ref<number | null>(null)
  const me = ref<MyAgentView | null>(null)
  const agents = reactive(new Map<number, AgentView>())
  const conversations = reactive(new Map<number, ConversationView>())
  /** What colleagues hold; filled only for a senior who looks at it. */
  const others = reactive(new Map<number, ConversationView>())
  const othersShown = ref(false)
  const channels = reactive(new Map<number, ChannelView>())
  const link = ref<LinkState>({ state: 'stopped' })
  const loaded = ref(false)
  const failure = ref<unknown>(null)
  /** The conversation on the screen stays known even when it leaves the lists. */
  const focused = ref<number | null>(null)
  /** Conversations hidden while their closing can still be undone. */
  const hidden = reactive(new Set<number>())
  const live = shallowRef<LiveLink | null>(null)
  const listeners = new Set<DeskListener>()
  /** How often each thing outside the picture has changed: watch the topic you show, then ask again. */
  const changes = reactive<Record<Topic, number>>({ quick_replies: 0, tags: 0, settings: 0, channels: 0, agents: 0, annotations: 0, blacklist: 0, customers: 0, broadcasts: 0 })
  /** Event number that last touched a conversation: a snapshot taken before it must not undo it. */
  const touched = new Map<number, number>()

  const listed = computed(() =>
    [...conversations.values()].filter((view) => !hidden.has(view.id) && isListed(view, me.value?.id ?? -1)),
  )
  const waiting = computed(() => listed.value.filter((view) => view.state === 'waiting').sort(byWaiting))
  const active = computed(() => listed.value.filter((view) => view.state === 'active' && view.owner === me.value?.id).sort(byActivity))
  /** Offered to me and not answered, the most urgent first. */
  const offered = computed(() =>
    listed.value.filter((view) => isOffered(view, me.value?.id ?? -1)).sort((a, b) => (a.transfer?.until ?? 0) - (b.transfer?.until ?? 0)),
  )
  const elsewhere = computed(() => [...others.values()].filter((view) => !hidden.has(view.id)).sort(byActivity))
  const unread = computed(() => active.value.reduce((sum, view) => sum + view.unread, 0))
  const team = computed(() => [...agents.values()].sort((a, b) => Number(b.online) - Number(a.online) || b.active - a.active || a.id - b.id))
  const online = computed(() => team.value.filter((agent) => agent.online))
  const held = computed(() => team.value.reduce((sum, agent) => sum + agent.active, 0))

  function apply(desk: Desk) {
    me.value = desk.me
    replace(agents, desk.agents)
    replace(channels, desk.channels)
    const present = new Set(desk.conversations.map((view) => view.id))
    for (const id of [...conversations.keys()]) {
      const newer = (touched.get(id) ?? 0) > desk.event
      if (present.has(id) || newer) continue
      const view = conversations.get(id)
      // The one on the screen stays readable, as what it must be now: taken by somebody, or closed.
      if (view && id === focused.value && others.has(id)) continue
      if (view && id === focused.value) conversations.set(id, left(view, desk.me.id))
      else conversations.delete(id)
    }
    for (const view of desk.conversations) {
      const newer = (touched.get(view.id) ?? 0) > desk.event
      if (!newer || isNewer(view, conversations.get(view.id))) conversations.set(view.id, view)
    }
    loaded.value = true
    failure.value = null
    if (othersShown.value) void showOthers().catch(() => undefined)
  }

  /** Loads what colleagues hold and keeps it current from then on. */
  async function showOthers(): Promise<void> {
    const of = shop.value
    if (of === null) return
    const { conversations: list } = await loadOthers(of)
    if (shop.value !== of) return
    othersShown.value = true
    replace(others, list.filter((view) => isElsewhere(view)))
    const view = focused.value === null ? undefined : others.get(focused.value)
    if (view) conversations.set(view.id, view)
  }

  const isElsewhere = (view: ConversationView) => view.state === 'active' && view.owner !== me.value?.id

  async function enter(next: number): Promise<void> {
    leave()
    shop.value = next
    await reload()
    const after = snapshotEvent
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws'
    if (shop.value !== next) return
    live.value = new LiveLink({
      url: (from) => `${scheme}://${location.host}/api/shops/${next}/events?after=${from}&lang=${usePrefs().locale}`,
      after,
      onFrame: receive,
      onState: (state) => {
        link.value = state
        // A refused upgrade looks like a dead network: ask whether it is the session that ended.
        if (state.state === 'waiting') void checkSession().catch(() => undefined)
      },
    })
    live.value.start()
  }

  let snapshotEvent = 0

  async function reload(): Promise<void> {
    const of = shop.value
    if (of === null) return
    try {
      const desk = await api.loadDesk(of)
      if (shop.value !== of) return
      snapshotEvent = desk.event
      apply(desk)
    } catch (error) {
      failure.value = error
      throw error
    }
  }

  function leave() {
    live.value?.stop()
    live.value = null
    shop.value = null
    me.value = null
    loaded.value = false
    failure.value = null
    focused.value = null
    othersShown.value = false
    for (const map of [agents, conversations, others, channels, touched, hidden]) map.clear()
    useThreads().clear()
  }

  /** The server has cut us off. With another role, or out of this shop only, the page begins again. */
  function dismissed(code: string) {
    if (code === 'role_changed' || code === 'removed') location.reload()
    else if (code === 'password_change_required') reportLoss(new ApiError(403, code, ''))
    else reportLoss(new ApiError(401, 'unauthenticated', ''))
  }

  function receive(frame: LiveFrame) {
    if (frame.type === 'reset') void recover()
    if (frame.type === 'hello') void useThreads().resume()
    if (frame.type === 'bye') dismissed(frame.code)
    if (frame.type !== 'event') return
    if (frame.what === 'agent') upsertAgent(frame.agent)
    if (frame.what === 'message') useThreads().receive(frame.message)
    if (frame.what === 'conversation') {
      const before = conversations.get(frame.conversation.id)
      touched.set(frame.conversation.id, frame.n)
      upsert(frame.conversation)
      if (isNewer(frame.conversation, before)) notify({ kind: 'conversation', before, after: frame.conversation })
    }
    if (frame.what === 'returned') notify({ kind: 'returned', conversation: frame.conversation, reason: frame.reason })
    if (frame.what === 'changed') changes[frame.topic] += 1
    if (frame.what === 'channel') {
      const channel = channels.get(frame.channel.id)
      if (channel) channels.set(channel.id, { ...channel, status: frame.channel.status })
    }
  }

  /** The server could not bridge the gap: read everything shown anew. */
  async function recover() {
    for (const topic of Object.keys(changes) as Topic[]) changes[topic] += 1
    try {
      await reload()
      await useThreads().repairAll()
    } catch {
      // The connection tells its own story; the next hello tries again.
    }
  }

  /** Takes a conversation from an event or an answer; leaves older views out. */
  function upsert(view: ConversationView) {
    const before = conversations.get(view.id)
    if (!isNewer(view, before)) return
    const mine = me.value?.id ?? -1
    if (othersShown.value) {
      if (isElsewhere(view)) others.set(view.id, view)
      else others.delete(view.id)
    }
    if (isListed(view, mine) || view.id === focused.value) conversations.set(view.id, view)
    else conversations.delete(view.id)
    if (before && isListed(before, mine) && !isListed(view, mine)) notify({ kind: 'left', before, after: view })
    if (isOffered(view, mine) && view.owner !== mine && !(before && isOffered(before, mine))) notify({ kind: 'offered', view })
    useThreads().expect(view)
  }

  function upsertAgent(agent: AgentView) {
    agents.set(agent.id, agent)
    if (me.value && me.value.id === agent.id) me.value = { ...me.value, ...agent }
  }

  function focus(id: number | null) {
    const before = focused.value
    focused.value = id
    const shown = before === null ? undefined : conversations.get(before)
    if (shown && shown.id !== id && !isListed(shown, me.value?.id ?? -1)) conversations.delete(shown.id)
  }

  async function setOnline(value: boolean): Promise<void> {
    if (shop.value !== null) upsertAgent(await api.setPresence(shop.value, value))
  }

  async function accept(view: ConversationView): Promise<ConversationView> {
    const accepted = await api.acceptConversation(shop.value ?? 0, view.id, view.epoch)
    upsert(accepted)
    return accepted
  }

  /** Answers an offer; what became of the conversation is applied at once. */
  async function answer(view: ConversationView, word: 'take' | 'decline' | 'cancel'): Promise<ConversationView> {
    const next = await answerTransfer(shop.value ?? 0, view.id, word, view.epoch)
    upsert(next)
    return next
  }

  /** Opens what stands in no list of mine, as a senior may. */
  function adopt(view: ConversationView) {
    if (!conversations.has(view.id)) conversations.set(view.id, view)
  }

  async function read(view: ConversationView): Promise<void> {
    conversations.set(view.id, { ...view, unread: 0 })
    await api.markRead(shop.value ?? 0, view.id, view.last_seq)
  }

  const agentName = (id: number | null): string => (id === null ? '' : (agents.get(id)?.nickname ?? ''))

  function notify(event: Parameters<DeskListener>[0]) {
    for (const listener of listeners) listener(event)
  }

  function listen(listener: DeskListener): () => void {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }

  return {
    shop, me, agents, conversations, channels, link, loaded, failure, focused, hidden, live,
    changes, waiting, active, offered, elsewhere, othersShown, unread, team, online, held,
    enter, leave, reload, receive, upsert, upsertAgent, focus, setOnline, accept, answer, adopt, showOthers, read, agentName, listen, apply,
  }
})

/** How a conversation that a snapshot no longer lists has left: somebody took it, or it was closed. */
function left(view: ConversationView, me: number): ConversationView {
  if (!isListed(view, me)) return view
  return view.state === 'waiting' ? { ...view, state: 'active', owner: null } : { ...view, state: 'closed' }
}

function replace<T extends { id: number }>(map: Map<number, T>, items: readonly T[]) {
  const present = new Set(items.map((item) => item.id))
  for (const id of [...map.keys()]) if (!present.has(id)) map.delete(id)
  for (const item of items) map.set(item.id, item)
}
