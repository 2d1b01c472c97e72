/** The keyboard of the desk. One table feeds the keys and the list that `?` opens. */
import { onBeforeUnmount, onMounted } from 'vue'
import type { ConversationView } from '@/api/types'
import { useDesk } from '@/stores/desk'
import { usePrefs } from '@/stores/prefs'
import type { DeskActions } from './actions'
import { keyboardIsTaken } from './dialog'

export type ShortcutName =
  | 'next' | 'previous' | 'tab' | 'accept' | 'close' | 'close_next' | 'transfer' | 'annotate' | 'quick' | 'records' | 'panel' | 'help' | 'write'

export interface Shortcut {
  name: ShortcutName
  /** Physical key (`KeyboardEvent.code`), because Alt changes characters on macOS. */
  code?: string
  /** Character, for keys without Alt. */
  key?: string
  alt?: boolean
  ctrl?: boolean
  /** For the list. */
  shown: string[]
}

export const SHORTCUTS: readonly Shortcut[] = [
  { name: 'next', code: 'KeyJ', alt: true, shown: ['Alt', 'J'] },
  { name: 'previous', code: 'KeyK', alt: true, shown: ['Alt', 'K'] },
  { name: 'tab', code: 'KeyN', alt: true, shown: ['Alt', 'N'] },
  { name: 'accept', code: 'KeyA', alt: true, shown: ['Alt', 'A'] },
  { name: 'close', code: 'KeyE', alt: true, shown: ['Alt', 'E'] },
  { name: 'close_next', code: 'KeyE', alt: true, ctrl: true, shown: ['Ctrl', 'Alt', 'E'] },
  { name: 'transfer', code: 'KeyT', alt: true, shown: ['Alt', 'T'] },
  { name: 'annotate', code: 'KeyM', alt: true, shown: ['Alt', 'M'] },
  { name: 'quick', code: 'KeyR', alt: true, shown: ['Alt', 'R'] },
  { name: 'records', code: 'KeyH', alt: true, shown: ['Alt', 'H'] },
  { name: 'panel', code: 'KeyO', alt: true, shown: ['Alt', 'O'] },
  { name: 'write', key: 'r', shown: ['R'] },
  { name: 'help', key: '?', shown: ['?'] },
]

type Press = Pick<KeyboardEvent, 'key' | 'code' | 'altKey' | 'ctrlKey' | 'metaKey' | 'isComposing'>

/** The shortcut a key press means, or null. Keys without a modifier are dead while somebody writes. */
export function shortcutOf(event: Press, writing: boolean): ShortcutName | null {
  if (event.isComposing) return null
  const ctrl = event.ctrlKey || event.metaKey
  const found = SHORTCUTS.find((shortcut) => {
    if (Boolean(shortcut.alt) !== event.altKey || Boolean(shortcut.ctrl) !== ctrl) return false
    return shortcut.code ? shortcut.code === event.code : shortcut.key === event.key
  })
  if (!found) return null
  return writing && !found.alt ? null : found.name
}

export function isWriting(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  return target.isContentEditable || /^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName)
}

export function useShortcuts(actions: DeskActions): void {
  const desk = useDesk()
  const prefs = usePrefs()

  const run: Record<ShortcutName, () => unknown> = {
    next: () => actions.step(1),
    previous: () => actions.step(-1),
    tab: () => actions.switchTab(),
    // An offer waits for seconds, so it goes before the queue.
    accept: () => (desk.offered[0] ? void actions.answer(desk.offered[0], 'take') : actions.acceptNext()),
    close: () => closeFocused(false),
    close_next: () => closeFocused(true),
    transfer: () => {
      const view = focused()
      if (view && directs(view) && !view.transfer) actions.dialog.value = 'transfer'
    },
    annotate: () => focused() && (actions.dialog.value = 'annotate'),
    records: () => focused() && (actions.dialog.value = 'records'),
    quick: () => isMine(focused()) && (actions.quickReplies.value = !actions.quickReplies.value),
    panel: actions.togglePanel,
    help: () => (actions.dialog.value = 'shortcuts'),
    write: () => document.querySelector<HTMLTextAreaElement>('[data-testid="composer"]')?.focus(),
  }

  const focused = () => (desk.focused === null ? undefined : desk.conversations.get(desk.focused))
  const isMine = (view: ConversationView | undefined) => view?.state === 'active' && view.owner === desk.me?.id
  const directs = (view: ConversationView) => isMine(view) || (actions.supervises.value && view.state === 'active')

  function closeFocused(thenNext: boolean) {
    const view = focused()
    if (view && directs(view)) actions.close(view, thenNext)
  }

  function onKey(event: KeyboardEvent) {
    if (!prefs.shortcuts || event.defaultPrevented) return
    if (keyboardIsTaken()) return
    const name = shortcutOf(event, isWriting(event.target))
    if (!name) return
    event.preventDefault()
    run[name]()
  }

  onMounted(() => addEventListener('keydown', onKey))
  onBeforeUnmount(() => removeEventListener('keydown', onKey))
}
