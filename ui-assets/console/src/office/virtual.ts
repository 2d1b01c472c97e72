/** Draws only the rows of a long list that can be seen. All rows are equally high. */
import { computed, onBeforeUnmount, onMounted, ref, type Ref } from 'vue'

/** Rows drawn beyond the edges, so that fast fingers see no gap. */
const SPARE = 8

export function useVirtual(scroller: Ref<HTMLElement | null>, count: () => number, height: () => number) {
  const top = ref(0)
  const seen = ref(900)

  const measure = () => {
    top.value = scroller.value?.scrollTop ?? 0
    seen.value = scroller.value?.clientHeight ?? seen.value
  }
  const from = computed(() => Math.max(0, Math.min(Math.floor(top.value / height()) - SPARE, count() - 1)))
  const to = computed(() => Math.min(count(), Math.ceil((top.value + seen.value) / height()) + SPARE))

  /** Brings a row on the screen, for keys. */
  function reveal(index: number) {
    const box = scroller.value
    if (!box) return
    const at = index * height()
    if (at < box.scrollTop) box.scrollTop = at
    else if (at + height() > box.scrollTop + box.clientHeight) box.scrollTop = at + height() - box.clientHeight
    measure()
  }

  const watcher = typeof ResizeObserver === 'undefined' ? null : new ResizeObserver(measure)
  onMounted(() => {
    measure()
    if (scroller.value) watcher?.observe(scroller.value)
  })
  onBeforeUnmount(() => watcher?.disconnect())

  return {
    from,
    to,
    above: computed(() => from.value * height()),
    below: computed(() => Math.max(0, count() - to.value) * height()),
    /** How many rows are left below what is seen. */
    left: computed(() => count() - (top.value + seen.value) / height()),
    measure,
    reveal,
  }
}
