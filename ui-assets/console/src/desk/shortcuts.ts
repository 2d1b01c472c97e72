/** The keyboard of the desk. One table feeds the keys and the list that `?` opens. */
import { onBeforeUnmount, onMounted } from 'vue'
import { useDesk } from '@/stores/desk'
import { usePrefs } from '@/stores/prefs'
import type { DeskActions } from './actions'

export type ShortcutName =
  | 'next' | 'previous' | 'tab' | 'accept' | 'close' | 'close_next' | 'panel' | 'help' | 'write'

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

  const run: Record<ShortcutName, () => void> = {
    next: () => actions.step(1),
    previous: () => actions.step(-1),
    tab: actions.switchTab,
    accept: actions.acceptNext,
    close: () => closeFocused(false),
    close_next: () => closeFocused(true),
    panel: actions.togglePanel,
    help: () => (actions.dialog.value = 'shortcuts'),
    write: () => document.querySelector<HTMLTextAreaElement>('[data-testid="composer"]')?.focus(),
  }

  function closeFocused(thenNext: boolean) {
    const view = desk.focused === null ? undefined : desk.conversations.get(desk.focused)
    if (view && view.state === 'active' && view.owner === desk.me?.id) actions.close(view, thenNext)
  }

  function onKey(event: KeyboardEvent) {
    if (!prefs.shortcuts || event.defaultPrevented) return
    // An open dialog or picture has the keyboard.
    if (document.querySelector('.el-overlay-dialog, .el-image-viewer__wrapper')) return
    const name = shortcutOf(event, isWriting(event.target))
    if (!name) return
    event.preventDefault()
    run[name]()
  }

  onMounted(() => addEventListener('keydown', onKey))
  onBeforeUnmount(() => removeEventListener('keydown', onKey))
}
