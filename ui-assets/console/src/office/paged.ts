/** A list that comes in pages by key. The latest question counts; what was there stays until its answer. */
import { computed, onBeforeUnmount, ref, shallowRef, type ComputedRef, type Ref, type ShallowRef } from 'vue'
import { useToasts } from '@/stores/toasts'

export interface Page<T> {
  rows: T[]
  next: string | null
}

export interface Paged<T> {
  rows: ShallowRef<T[]>
  next: Ref<string | null>
  /** Nothing has been read yet. */
  first: ComputedRef<boolean>
  busy: Ref<boolean>
  failure: Ref<string>
  load: () => Promise<void>
  more: () => Promise<void>
  change: (with_: (rows: T[]) => T[]) => void
  /** Another question: what was there is no answer to it. */
  clear: () => void
}

const words = (error: unknown) => (error instanceof Error ? error.message : String(error))

export function usePaged<T>(read: (after: string | null, signal: AbortSignal) => Promise<Page<T>>): Paged<T> {
  const toasts = useToasts()
  const rows = shallowRef<T[]>([])
  const next = ref<string | null>(null)
  const loaded = ref(false)
  const busy = ref(false)
  const failure = ref('')
  let abort: AbortController | undefined

  async function ask(after: string | null) {
    abort?.abort()
    const mine = (abort = new AbortController())
    busy.value = true
    try {
      const page = await read(after, mine.signal)
      if (mine.signal.aborted) return
      rows.value = after === null ? page.rows : [...rows.value, ...page.rows]
      next.value = page.next
      loaded.value = true
      failure.value = ''
    } catch (error) {
      if (mine.signal.aborted) return
      if (after === null) failure.value = words(error)
      else toasts.fail(error)
    } finally {
      if (mine === abort) busy.value = false
    }
  }

  onBeforeUnmount(() => abort?.abort())
  return {
    rows, next, busy, failure,
    first: computed(() => !loaded.value && failure.value === ''),
    load: () => ask(null),
    more: async () => {
      if (next.value !== null && !busy.value) await ask(next.value)
    },
    clear: () => {
      abort?.abort()
      rows.value = []
      next.value = null
      loaded.value = false
      busy.value = false
      failure.value = ''
    },
    change: (with_) => (rows.value = with_(rows.value)),
  }
}
