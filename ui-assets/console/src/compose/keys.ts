/** What a key press in the composer means. */

export type ComposerKey = 'send' | 'newline' | null

type KeyPress = Pick<KeyboardEvent, 'key' | 'isComposing' | 'keyCode' | 'shiftKey' | 'ctrlKey' | 'metaKey' | 'altKey'>

/**
 * Enter sends and Shift+Enter breaks the line; with `ctrlEnter` it is Ctrl/⌘+Enter that sends.
 * While an input method composes, Enter belongs to it: browsers say so by `isComposing`, Safari by key code 229.
 */
export function composerKey(event: KeyPress, ctrlEnter: boolean): ComposerKey {
  if (event.key !== 'Enter' || event.isComposing || event.keyCode === 229) return null
  if (event.shiftKey || event.altKey) return 'newline'
  const modified = event.ctrlKey || event.metaKey
  return modified === ctrlEnter ? 'send' : 'newline'
}
