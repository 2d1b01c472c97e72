/** What stands in a form but not on the server. Pages register their form; the settings frame asks before leaving. */
import { onBeforeUnmount, shallowRef } from 'vue'

export interface UnsavedForm {
  dirty: () => boolean
  /** True when everything is stored. */
  save: () => Promise<boolean>
  discard: () => void
}

/** The form on the screen; there is one at a time. */
export const openForm = shallowRef<UnsavedForm | null>(null)

/** Guards a form for as long as its component lives. */
export function guardForm(form: UnsavedForm): void {
  openForm.value = form
  const beforeUnload = (event: BeforeUnloadEvent) => {
    if (form.dirty()) event.preventDefault()
  }
  addEventListener('beforeunload', beforeUnload)
  onBeforeUnmount(() => {
    removeEventListener('beforeunload', beforeUnload)
    if (openForm.value === form) openForm.value = null
  })
}
