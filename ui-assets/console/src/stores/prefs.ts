/** What this browser remembers about its user's taste: theme, language, keys, open panel. */
import { defineStore } from 'pinia'
import { computed, reactive, ref, toRefs, watch } from 'vue'
import { useLocale, type Locale } from '@/i18n'

export type Theme = 'system' | 'light' | 'dark'

interface Prefs {
  theme: Theme
  locale: Locale
  /** Ctrl/⌘+Enter sends and Enter breaks the line. */
  ctrlEnter: boolean
  /** Single-key and Alt shortcuts (WCAG 2.1.4: can be switched off). */
  shortcuts: boolean
  /** The customer panel is shown beside the chat. */
  panel: boolean
}

const KEY = 'weikefu.prefs'
const defaults = (): Prefs => ({
  theme: 'system',
  locale: navigator.language.toLowerCase().startsWith('en') ? 'en' : 'zh-CN',
  ctrlEnter: false,
  shortcuts: true,
  panel: true,
})

function read(): Prefs {
  try {
    return { ...defaults(), ...(JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Prefs>) }
  } catch {
    return defaults()
  }
}

export const usePrefs = defineStore('prefs', () => {
  const prefs = reactive(read())
  const query = globalThis.matchMedia?.('(prefers-color-scheme: dark)')
  const systemDark = ref(query?.matches ?? false)
  query?.addEventListener('change', (event) => (systemDark.value = event.matches))
  const dark = computed(() => prefs.theme === 'dark' || (prefs.theme === 'system' && systemDark.value))
  watch(dark, (value) => document.documentElement.classList.toggle('dark', value), { immediate: true })

  watch(
    prefs,
    () => {
      try {
        localStorage.setItem(KEY, JSON.stringify(prefs))
      } catch {
        // Private windows may refuse storage; the choice then lasts for this page.
      }
    },
    { deep: true },
  )

  async function setLocale(locale: Locale) {
    await useLocale(locale)
    prefs.locale = locale
  }

  return { ...toRefs(prefs), dark, setLocale }
})
