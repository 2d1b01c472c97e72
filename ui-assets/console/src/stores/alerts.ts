/** 提示设置 (A5.5): how this browser calls for attention. Kept in this browser and nowhere else. */
import { defineStore } from 'pinia'
import { computed, reactive, ref, toRefs, watch } from 'vue'

interface AlertSettings {
  sound: boolean
  /** 0 to 1. */
  volume: number
  /** Rings again while a customer waits for an answer. */
  repeat: boolean
  popup: boolean
  /** Pop-ups do not say who wrote what. */
  hide: boolean
  title: boolean
  badge: boolean
}

export type Permission = 'granted' | 'denied' | 'default' | 'insecure' | 'missing'

const KEY = 'weikefu.alerts'
const defaults = (): AlertSettings => ({ sound: true, volume: 0.6, repeat: true, popup: true, hide: false, title: true, badge: true })

/** What was stored, as far as it is what it should be. */
export function readAlertSettings(text: string | null): AlertSettings {
  const found = defaults()
  try {
    const held = JSON.parse(text ?? '{}') as Partial<Record<keyof AlertSettings, unknown>> | null
    for (const key of ['sound', 'repeat', 'popup', 'hide', 'title', 'badge'] as const) {
      if (typeof held?.[key] === 'boolean') found[key] = held[key]
    }
    if (typeof held?.volume === 'number' && Number.isFinite(held.volume)) found.volume = Math.min(1, Math.max(0, held.volume))
  } catch {
    // Somebody else's text: the defaults hold.
  }
  return found
}

function stored(): string | null {
  try {
    return localStorage.getItem(KEY)
  } catch {
    return null
  }
}

export const useAlertSettings = defineStore('alert settings', () => {
  const settings = reactive(readAlertSettings(stored()))
  watch(
    settings,
    () => {
      try {
        localStorage.setItem(KEY, JSON.stringify(settings))
      } catch {
        // Private windows may refuse storage; the choice then lasts for this page.
      }
    },
    { deep: true },
  )
  // Every tab rings by the same rules.
  addEventListener('storage', (event) => {
    if (event.key === KEY) Object.assign(settings, readAlertSettings(event.newValue))
  })

  const permission = ref<Permission>(current())
  /** Only from a click: browsers refuse a page that asks by itself. */
  async function ask(): Promise<void> {
    if (permission.value === 'default') await Notification.requestPermission()
    permission.value = current()
  }
  const refresh = () => (permission.value = current())
  const mayPop = computed(() => settings.popup && permission.value === 'granted')

  return { ...toRefs(settings), permission, mayPop, ask, refresh }
})

function current(): Permission {
  if (!globalThis.isSecureContext) return 'insecure'
  return 'Notification' in globalThis ? Notification.permission : 'missing'
}
