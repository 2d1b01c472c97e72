/** Asks the remote sources for what is typed: one question at a time, the last one counts. */
import { ref, watch, onBeforeUnmount, type Ref } from 'vue'
import type { Command } from './match'
import type { RemoteSource } from './sources'

/** Typing pauses this long before it is asked, in milliseconds. */
const PAUSE_MS = 200

export function useRemote(query: Ref<string>, sources: readonly RemoteSource[]) {
  const found = ref<Command[]>([]) as Ref<Command[]>
  const asking = ref(false)
  const failure = ref('')
  let timer: ReturnType<typeof setTimeout> | undefined
  let abort: AbortController | undefined

  watch(query, (typed) => {
    clearTimeout(timer)
    abort?.abort()
    found.value = []
    failure.value = ''
    const asked = sources.filter((source) => typed.trim().length >= source.least)
    asking.value = asked.length > 0
    if (asking.value) timer = setTimeout(() => void ask(typed.trim(), asked), PAUSE_MS)
  })

  async function ask(typed: string, asked: readonly RemoteSource[]) {
    const mine = (abort = new AbortController())
    const answers = await Promise.allSettled(asked.map((source) => source.find(typed, mine.signal)))
    if (mine.signal.aborted) return
    asking.value = false
    // What one source finds is worth showing when another fails.
    found.value = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
    const failed = answers.find((answer) => answer.status === 'rejected')
    failure.value = failed ? (failed.reason instanceof Error ? failed.reason.message : String(failed.reason)) : ''
  }

  onBeforeUnmount(() => {
    clearTimeout(timer)
    abort?.abort()
  })
  return { found, asking, failure }
}
