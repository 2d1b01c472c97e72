/** The present moment by the second, for countdowns on the screen; rests while nobody shows one. */
import { onBeforeUnmount, onMounted, readonly, ref, type Ref } from 'vue'

const now = ref(Date.now())
let shown = 0
let timer: ReturnType<typeof setInterval> | undefined

export function useSeconds(): Readonly<Ref<number>> {
  onMounted(() => {
    now.value = Date.now()
    if (++shown === 1) timer = setInterval(() => (now.value = Date.now()), 1_000)
  })
  onBeforeUnmount(() => {
    if (--shown === 0) clearInterval(timer)
  })
  return readonly(now)
}
