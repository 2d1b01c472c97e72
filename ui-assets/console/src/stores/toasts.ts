/** Short notices at the top of the page, some with one action (undo). */
import { defineStore } from 'pinia'
import { ref } from 'vue'

export interface Toast {
  id: number
  text: string
  tone: 'info' | 'success' | 'error'
  action: { label: string; run: () => void } | null
  /** How long it stays, in milliseconds. */
  lasts: number
}

export const useToasts = defineStore('toasts', () => {
  const toasts = ref<Toast[]>([])
  let next = 1

  function show(text: string, options: Partial<Omit<Toast, 'id' | 'text'>> = {}): number {
    const toast: Toast = {
      id: next++,
      text,
      tone: options.tone ?? 'info',
      action: options.action ?? null,
      lasts: options.lasts ?? (options.tone === 'error' ? 7_000 : 4_000),
    }
    toasts.value = [...toasts.value.filter((held) => held.text !== text || held.action), toast].slice(-4)
    setTimeout(() => dismiss(toast.id), toast.lasts)
    return toast.id
  }

  function dismiss(id: number) {
    toasts.value = toasts.value.filter((toast) => toast.id !== id)
  }

  const fail = (error: unknown) => {
    if (error instanceof DOMException && error.name === 'AbortError') return
    show(error instanceof Error ? error.message : String(error), { tone: 'error' })
  }

  return { toasts, show, dismiss, fail }
})
