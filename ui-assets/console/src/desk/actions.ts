/** What an agent can do on the desk, shared by buttons and keys. */
import { inject, ref, type InjectionKey, type Ref } from 'vue'
import { useRouter } from 'vue-router'
import { ApiError } from '@/api/client'
import type { ConversationView } from '@/api/types'
import { translate } from '@/i18n'
import { useClosing } from '@/stores/closing'
import { useDesk } from '@/stores/desk'
import { usePrefs } from '@/stores/prefs'
import { useToasts } from '@/stores/toasts'
import { customerName } from './names'

export type DeskTab = 'active' | 'waiting'
export type DeskDialog = 'profile' | 'shortcuts'

export interface DeskActions {
  tab: Ref<DeskTab>
  dialog: Ref<DeskDialog | null>
  /** The conversation whose acceptance is under way. */
  accepting: Ref<number | null>
  shown: () => ConversationView[]
  open: (view: ConversationView) => void
  leaveChat: () => void
  step: (by: 1 | -1) => void
  switchTab: () => void
  accept: (view: ConversationView) => Promise<void>
  acceptNext: () => void
  close: (view: ConversationView, thenNext?: boolean) => void
  setOnline: (online: boolean) => Promise<void>
  togglePanel: () => void
}

export const deskActions: InjectionKey<DeskActions> = Symbol('desk actions')

export function useActions(): DeskActions {
  const actions = inject(deskActions)
  if (!actions) throw new Error('desk actions are provided by the shop frame')
  return actions
}

export function useDeskActions(): DeskActions {
  const router = useRouter()
  const desk = useDesk()
  const toasts = useToasts()
  const closing = useClosing()
  const prefs = usePrefs()
  const tab = ref<DeskTab>('active')
  const dialog = ref<DeskDialog | null>(null)
  const accepting = ref<number | null>(null)

  const shown = () => (tab.value === 'active' ? desk.active : desk.waiting)

  function open(view: ConversationView) {
    tab.value = view.state === 'waiting' ? 'waiting' : 'active'
    void router.push({ name: 'desk', params: { shop: String(desk.shop), conversation: String(view.id) } })
  }

  function leaveChat() {
    void router.push({ name: 'desk', params: { shop: String(desk.shop) } })
  }

  function step(by: 1 | -1) {
    const list = shown()
    const at = list.findIndex((view) => view.id === desk.focused)
    const next = at === -1 ? list[by === 1 ? 0 : list.length - 1] : list[(at + by + list.length) % list.length]
    if (next) open(next)
  }

  function switchTab() {
    tab.value = tab.value === 'active' ? 'waiting' : 'active'
  }

  async function accept(view: ConversationView) {
    if (accepting.value !== null) return
    accepting.value = view.id
    try {
      open(await desk.accept(view))
    } catch (error) {
      if (error instanceof ApiError && error.code === 'conversation_taken') {
        const owner = desk.agentName(desk.conversations.get(view.id)?.owner ?? null)
        toasts.show(owner ? translate('accept.taken_by', { name: owner }) : error.message, { tone: 'error' })
        // The event may still be on its way; the snapshot tells the truth now.
        void desk.reload().catch(() => undefined)
      } else toasts.fail(error)
    } finally {
      accepting.value = null
    }
  }

  function acceptNext() {
    const first = desk.waiting[0]
    if (first) void accept(first)
    else toasts.show(translate('accept.nobody'))
  }

  function close(view: ConversationView, thenNext = false) {
    const rest = desk.active.filter((other) => other.id !== view.id)
    closing.close(view, customerName(view.customer, view.channel), () => open(view))
    const next = rest[0]
    if (thenNext && next) open(next)
    else leaveChat()
  }

  async function setOnline(online: boolean) {
    try {
      await desk.setOnline(online)
      toasts.show(translate(online ? 'presence.now_online' : 'presence.now_offline'), { tone: online ? 'success' : 'info' })
    } catch (error) {
      toasts.fail(error)
    }
  }

  function togglePanel() {
    prefs.panel = !prefs.panel
  }

  return { tab, dialog, accepting, shown, open, leaveChat, step, switchTab, accept, acceptNext, close, setOnline, togglePanel }
}
