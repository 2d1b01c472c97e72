/** Removing something: gone from the page at once, from the server when the notice that can undo it has gone. */
import { onBeforeUnmount, reactive } from 'vue'
import { translate } from '@/i18n'
import { UNDO_MS } from '@/stores/closing'
import { useToasts } from '@/stores/toasts'

export interface Undoable<K> {
  /** What is not shown while it can still come back. */
  hidden: Set<K>
  remove: (key: K, text: string, commit: (keepalive: boolean) => Promise<void>) => void
  /** Ends the time for undoing. */
  flush: () => void
}

export function useUndoable<K>(): Undoable<K> {
  const toasts = useToasts()
  const hidden = reactive(new Set<K>()) as Set<K>
  const pending = new Map<K, { toast: number; commit: (keepalive: boolean) => Promise<void> }>()

  function remove(key: K, text: string, commit: (keepalive: boolean) => Promise<void>) {
    if (pending.has(key)) return
    hidden.add(key)
    const toast = toasts.show(text, { lasts: UNDO_MS, ended: () => void finish(key, false), action: { label: translate('close.undo'), run: () => undo(key) } })
    pending.set(key, { toast, commit })
  }

  function undo(key: K) {
    const entry = take(key)
    if (entry) hidden.delete(key)
  }

  function take(key: K) {
    const entry = pending.get(key)
    if (!entry) return undefined
    toasts.dismiss(entry.toast)
    pending.delete(key)
    return entry
  }

  async function finish(key: K, keepalive: boolean) {
    try {
      await take(key)?.commit(keepalive)
    } catch (error) {
      toasts.fail(error)
    } finally {
      hidden.delete(key)
    }
  }

  function flush() {
    for (const key of [...pending.keys()]) void finish(key, true)
  }

  addEventListener('pagehide', flush)
  onBeforeUnmount(() => {
    removeEventListener('pagehide', flush)
    flush()
  })
  return { hidden, remove, flush }
}
