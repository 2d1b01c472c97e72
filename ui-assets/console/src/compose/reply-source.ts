/** The stored replies of the shop that is open; read once, and again when somebody changed them. */
import { computed, onBeforeUnmount, ref } from 'vue'
import { request } from '@/api/client'
import { useDesk } from '@/stores/desk'
import type { QuickReplies } from '@/api/types'
import { allReplies } from './quick-replies'

const held = ref<{ shop: number; stored: QuickReplies } | null>(null)

export function useReplies() {
  const desk = useDesk()
  const failure = ref<unknown>(null)

  async function load(again = false) {
    const shop = desk.shop
    if (shop === null || (!again && held.value?.shop === shop)) return
    try {
      held.value = { shop, stored: await request<QuickReplies>(`/api/shops/${shop}/quick-replies`) }
      failure.value = null
    } catch (error) {
      failure.value = error
    }
  }

  onBeforeUnmount(desk.listen((event) => {
    if (event.kind === 'changed' && event.topic === 'quick_replies') void load(true)
  }))

  return {
    load,
    failure,
    loaded: computed(() => held.value !== null && held.value.shop === desk.shop),
    replies: computed(() => (held.value && held.value.shop === desk.shop ? allReplies(held.value.stored) : [])),
  }
}
