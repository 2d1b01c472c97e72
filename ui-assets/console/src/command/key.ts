/** The key that opens the command bar, on every page of a shop and while somebody writes. */
import { onBeforeUnmount, onMounted } from 'vue'
import type { DeskActions } from '@/desk/actions'
import { isCovered } from '@/desk/dialog'
import { usePrefs } from '@/stores/prefs'

const mac = /Mac|iPhone|iPad/.test(navigator.platform)
/** For lists and labels. */
export const COMMAND_KEYS: readonly string[] = [mac ? '⌘' : 'Ctrl', 'K']

type Press = Pick<KeyboardEvent, 'code' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey' | 'isComposing'>

export const isCommandKey = (event: Press): boolean =>
  event.code === 'KeyK' && event.ctrlKey !== event.metaKey && !event.altKey && !event.shiftKey && !event.isComposing

export function useCommandKey(actions: DeskActions): void {
  const prefs = usePrefs()
  function onKey(event: KeyboardEvent) {
    if (!prefs.shortcuts || event.defaultPrevented || !isCommandKey(event)) return
    // Browsers take this key for their own search.
    event.preventDefault()
    // Escape closes it at once, and is told later: who presses the key in between wants it again.
    if (actions.dialog.value === 'command' && document.querySelector('dialog.command[open]')) actions.dialog.value = null
    else if (!isCovered()) actions.dialog.value = 'command'
  }
  onMounted(() => addEventListener('keydown', onKey))
  onBeforeUnmount(() => removeEventListener('keydown', onKey))
}
