/**
 * Short notices at the top of the page, some with one action (undo). They go by themselves; while somebody
 * is at one of them, with pointer or keyboard, the time stands still.
 */
import { defineStore } from 'pinia'
import { ref } from 'vue'

export interface Toast {
  id: number
  text: string
  tone: 'info' | 'success' | 'error'
  action: { label: string; run: () => void } | null
  /** How long it stays, in milliseconds. */
  lasts: number
  /** Its time is over, or it was put away; not called when the action was taken. */
  ended?: () => void
}

/** The time of one notice: running (`timer`) or held with what is `left` of it. */
interface Time {
  timer: ReturnType<typeof setTimeout> | undefined
  until: number
  left: number
}

/** As many are shown at once. */
const MOST = 4

export const useToasts = defineStore('toasts', () => {
  const toasts = ref<Toast[]>([])
  const held = ref(false)
  const times = new Map<number, Time>()
  let next = 1

  function show(text: string, options: Partial<Omit<Toast, 'id' | 'text'>> = {}): number {
    const toast: Toast = {
      id: next++,
      text,
      tone: options.tone ?? 'info',
      action: options.action ?? null,
      lasts: options.lasts ?? (options.tone === 'error' ? 7_000 : 4_000),
      ended: options.ended,
    }
    const same = toasts.value.filter((other) => other.text === text && !other.action)
    toasts.value = [...toasts.value, toast]
    const time: Time = { timer: undefined, until: 0, left: toast.lasts }
    times.set(toast.id, time)
    if (!held.value) run(toast.id, time)
    for (const { id } of [...same, ...toasts.value.slice(0, -MOST)]) end(id)
    return toast.id
  }

  function run(id: number, time: Time) {
    time.until = Date.now() + time.left
    time.timer = setTimeout(() => end(id), time.left)
  }

  /** Takes a notice away without a word to who showed it. */
  function dismiss(id: number): Toast | undefined {
    const gone = toasts.value.find((toast) => toast.id === id)
    clearTimeout(times.get(id)?.timer)
    times.delete(id)
    toasts.value = toasts.value.filter((toast) => toast.id !== id)
    // What goes from under the pointer tells nobody that the pointer has left it.
    if (toasts.value.length === 0) hold(false)
    return gone
  }

  /** Its time is over. */
  function end(id: number) {
    dismiss(id)?.ended?.()
  }

  /** Whether somebody is at the notices now. */
  function hold(on: boolean) {
    if (held.value === on) return
    held.value = on
    for (const [id, time] of times) {
      if (!on) run(id, time)
      else {
        clearTimeout(time.timer)
        time.left = Math.max(0, time.until - Date.now())
      }
    }
  }

  const fail = (error: unknown) => {
    if (error instanceof DOMException && error.name === 'AbortError') return
    show(error instanceof Error ? error.message : String(error), { tone: 'error' })
  }

  return { toasts, held, show, dismiss, end, hold, fail }
})
