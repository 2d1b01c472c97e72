/** Whether the window is a phone's: one pane at a time. */
import { readonly, ref } from 'vue'

const query = globalThis.matchMedia?.('(max-width: 767px)')
const narrow = ref(query?.matches ?? false)
query?.addEventListener('change', (event) => (narrow.value = event.matches))

export const isNarrow = readonly(narrow)
