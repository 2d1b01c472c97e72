/** What is ticked in a list: single ones, or everything that matches, loaded or not. */
import { computed, reactive, ref } from 'vue'

export function useSelection<K>() {
  const ids = reactive(new Set<K>()) as Set<K>
  /** Everything that matches the filter, whatever is loaded. */
  const all = ref(false)
  let last: K | null = null

  function toggle(id: K) {
    if (all.value) clear()
    if (!ids.delete(id)) ids.add(id)
    last = id
  }

  /** With Shift: everything between the last one and this. */
  function toggleTo(id: K, order: readonly K[]) {
    const [from, to] = [last === null ? -1 : order.indexOf(last), order.indexOf(id)]
    if (from < 0 || to < 0) return toggle(id)
    if (all.value) clear()
    for (const between of order.slice(Math.min(from, to), Math.max(from, to) + 1)) ids.add(between)
    last = id
  }

  function set(of: readonly K[]) {
    clear()
    for (const id of of) ids.add(id)
  }

  function clear() {
    ids.clear()
    all.value = false
    last = null
  }

  return { ids, all, some: computed(() => all.value || ids.size > 0), has: (id: K) => all.value || ids.has(id), toggle, toggleTo, set, clear }
}
