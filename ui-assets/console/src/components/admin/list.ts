/** What an administrator's page shows: loaded once, loaded again when the server says that it changed. */
import { onMounted, ref, watch, type Ref } from 'vue'
import { useDesk } from '@/stores/desk'

type Topic = keyof ReturnType<typeof useDesk>['changes']

export interface AdminList<T> {
  items: Ref<T>
  state: Ref<'loading' | 'ready' | 'failed'>
  failure: Ref<string>
  load: () => Promise<void>
}

export function useAdminList<T>(empty: T, read: () => Promise<T>, topic?: Topic): AdminList<T> {
  const items = ref(empty) as Ref<T>
  const state = ref<'loading' | 'ready' | 'failed'>('loading')
  const failure = ref('')
  const desk = useDesk()
  let asked = 0

  async function load() {
    const mine = ++asked
    try {
      const next = await read()
      // An older answer must not come out on top.
      if (mine !== asked) return
      items.value = next
      state.value = 'ready'
    } catch (error) {
      if (mine !== asked || state.value === 'ready') return
      failure.value = error instanceof Error ? error.message : String(error)
      state.value = 'failed'
    }
  }

  onMounted(load)
  if (topic) watch(() => desk.changes[topic], load)
  return { items, state, failure, load }
}
