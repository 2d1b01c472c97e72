/** What an agent can do on the desk, shared by buttons and keys. */
import { computed, inject, onBeforeUnmount, ref, watch, type InjectionKey, type Ref } from 'vue'
import { useRouter } from 'vue-router'
import { ApiError } from '@/api/client'
import type { ConversationView } from '@/api/types'
import { translate } from '@/i18n'
import { useClosing } from '@/stores/closing'
import { useDesk } from '@/stores/desk'
import { usePrefs } from '@/stores/prefs'
import { useToasts } from '@/stores/toasts'
import { useDialog, type AskedDialog } from './dialog'
import { customerName } from './names'
import { reaches, useRole } from './roles'

export type DeskTab = 'active' | 'waiting' | 'others'

export interface DeskActions extends AskedDialog {
  tab: Ref<DeskTab>
  /** The stored replies are open over the composer. */
  quickReplies: Ref<boolean>
  /** The conversation whose acceptance is under way. */
  accepting: Ref<number | null>
  shown: () => ConversationView[]
  open: (view: ConversationView) => void
  leaveChat: () => void
  step: (by: 1 | -1) => void
  switchTab: (by?: 1 | -1) => void
  tabOf: (view: ConversationView) => DeskTab
  /** May see and direct what colleagues hold. */
  supervises: Ref<boolean>
  accept: (view: ConversationView) => Promise<void>
  acceptNext: () => void
  close: (view: ConversationView, thenNext?: boolean) => void
  /** Deletes spam out of 等待中. */
  remove: (view: ConversationView) => void
  /** Answers an offered transfer. */
  answer: (view: ConversationView, word: 'take' | 'decline' | 'cancel') => Promise<void>
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
  const { dialog, turn } = useDialog()
  const quickReplies = ref(false)
  const accepting = ref<number | null>(null)
  const role = useRole()
  const supervises = computed(() => reaches(role.value, 'senior'))

  /** Notices of offers, by conversation: an offer that is gone takes its notice with it. */
  const offers = new Map<number, number>()
  watch(() => desk.offered.map((view) => view.id), (open) => {
    for (const [conversation, toast] of offers) {
      if (open.includes(conversation)) continue
      toasts.dismiss(toast)
      offers.delete(conversation)
    }
  })

  onBeforeUnmount(desk.listen((event) => {
    if (event.kind === 'offered') {
      const from = desk.agentName(event.view.transfer?.from ?? null)
      const toast = toasts.show(translate('offer.came', { name: from }), { lasts: 8_000, action: { label: translate('offer.see'), run: () => open(event.view) } })
      offers.set(event.view.id, toast)
    }
    // Who cancels sees it done.
    if (event.kind === 'returned' && event.reason !== 'cancelled') {
      const view = desk.conversations.get(event.conversation)
      if (view?.owner === desk.me?.id && view) toasts.show(translate(`transfer.${event.reason}`, { name: customerName(view.customer, view.channel) }))
    }
  }))

  const shown = () => ({ active: desk.active, waiting: desk.waiting, others: desk.elsewhere })[tab.value]

  function open(view: ConversationView) {
    desk.adopt(view)
    tab.value = tabOf(view)
    void router.push({ name: 'desk', params: { shop: String(desk.shop), conversation: String(view.id) } })
  }

  /** The list a conversation stands in. */
  function tabOf(view: ConversationView): DeskTab {
    if (view.state === 'waiting') return 'waiting'
    return view.owner === desk.me?.id || view.transfer?.to === desk.me?.id ? 'active' : 'others'
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

  function switchTab(by: 1 | -1 = 1) {
    const tabs: DeskTab[] = supervises.value ? ['active', 'waiting', 'others'] : ['active', 'waiting']
    tab.value = tabs[(tabs.indexOf(tab.value) + by + tabs.length) % tabs.length] ?? 'active'
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

  function remove(view: ConversationView) {
    closing.close(view, customerName(view.customer, view.channel), () => undefined, 'delete')
    if (desk.focused === view.id) leaveChat()
  }

  async function answer(view: ConversationView, word: 'take' | 'decline' | 'cancel') {
    if (accepting.value !== null) return
    accepting.value = view.id
    try {
      const next = await desk.answer(view, word)
      if (word === 'take') open(next)
      else if (word === 'decline' && desk.focused === view.id) leaveChat()
    } catch (error) {
      toasts.fail(error)
      void desk.reload().catch(() => undefined)
    } finally {
      accepting.value = null
    }
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

  return {
    tab, dialog, turn, quickReplies, accepting, supervises, shown, tabOf, open, leaveChat, step, switchTab, accept, acceptNext, close, remove, answer, setOnline, togglePanel,
  }
}
