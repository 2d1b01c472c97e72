/** Unsent text per conversation, kept in this browser until it is sent. */
import { defineStore } from 'pinia'
import { ref } from 'vue'

const KEY = 'weikefu.drafts'
/** Old drafts go first when there are more than this. */
const MOST = 200

function read(): Record<string, string> {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(KEY) ?? '{}')
    return typeof value === 'object' && value !== null ? (value as Record<string, string>) : {}
  } catch {
    return {}
  }
}

export const draftKey = (agent: number, shop: number, conversation: number): string => `${agent}.${shop}.${conversation}`

export const useDrafts = defineStore('drafts', () => {
  const drafts = ref(read())

  function save() {
    try {
      localStorage.setItem(KEY, JSON.stringify(drafts.value))
    } catch {
      // Storage full or refused: the draft then lives as long as the page.
    }
  }

  const get = (key: string): string => drafts.value[key] ?? ''

  function set(key: string, text: string) {
    const rest = Object.entries(drafts.value).filter(([held]) => held !== key)
    if (text.trim() !== '') rest.push([key, text])
    drafts.value = Object.fromEntries(rest.slice(-MOST))
    save()
  }

  return { get, set }
})
