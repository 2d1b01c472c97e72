/**
 * One page of settings as a form: loads, knows what was changed, saves, keeps the server's refusals by field.
 * What arrives from elsewhere while nothing was changed here is shown; while something was, it waits.
 */
import { computed, onMounted, reactive, ref, type Ref, type UnwrapNestedRefs } from 'vue'
import { ApiError } from '@/api/client'
import { useToasts } from '@/stores/toasts'
import { translate } from '@/i18n'
import { guardForm } from './unsaved'

export interface SettingsForm<T extends object> {
  values: UnwrapNestedRefs<T>
  state: Ref<'loading' | 'ready' | 'failed'>
  failure: Ref<string>
  dirty: Readonly<Ref<boolean>>
  busy: Ref<boolean>
  /** Something was saved since the page was opened, and nothing changed after. */
  saved: Ref<boolean>
  fields: Ref<Record<string, string>>
  load: () => Promise<void>
  save: () => Promise<boolean>
  reset: () => void
}

export function useSettingsForm<T extends object>(
  initial: T,
  load: () => Promise<T>,
  store: (values: T) => Promise<T>,
  done?: (values: T) => void,
): SettingsForm<T> {
  const copy = (values: T): T => JSON.parse(JSON.stringify(values)) as T
  const values = reactive(copy(initial))
  const stored = ref(JSON.stringify(initial))
  const state = ref<'loading' | 'ready' | 'failed'>('loading')
  const failure = ref('')
  const busy = ref(false)
  const saved = ref(false)
  const fields = ref<Record<string, string>>({})
  const dirty = computed(() => state.value === 'ready' && JSON.stringify(values) !== stored.value)

  function take(next: T) {
    Object.assign(values, copy(next))
    stored.value = JSON.stringify(values)
    fields.value = {}
  }

  async function read() {
    try {
      const next = await load()
      if (state.value === 'ready' && dirty.value) return
      take(next)
      state.value = 'ready'
    } catch (error) {
      if (state.value === 'ready') return
      failure.value = error instanceof Error ? error.message : String(error)
      state.value = 'failed'
    }
  }

  async function save(): Promise<boolean> {
    if (busy.value) return false
    busy.value = true
    fields.value = {}
    try {
      const next = await store(copy(values as T))
      take(next)
      saved.value = true
      done?.(next)
      useToasts().show(translate('settings.saved_toast'), { tone: 'success' })
      return true
    } catch (error) {
      if (error instanceof ApiError && Object.keys(error.fields).length > 0) fields.value = error.fields
      else useToasts().fail(error)
      return false
    } finally {
      busy.value = false
    }
  }

  function reset() {
    Object.assign(values, JSON.parse(stored.value))
    fields.value = {}
  }

  guardForm({ dirty: () => dirty.value, save, discard: reset })
  onMounted(read)
  return { values, state, failure, dirty, busy, saved, fields, load: read, save, reset }
}
