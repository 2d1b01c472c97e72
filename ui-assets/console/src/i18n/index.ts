/** Languages: zh-CN is built in and complete, English loads when chosen. */
import { createI18n } from 'vue-i18n'
import zh from './locales/zh-CN.json'

export type Locale = 'zh-CN' | 'en'
export const LOCALES: readonly Locale[] = ['zh-CN', 'en']

type Messages = { [name in Locale]: typeof zh }

export const i18n = createI18n<false>({
  legacy: false,
  locale: 'zh-CN',
  fallbackLocale: 'zh-CN',
  messages: { 'zh-CN': zh } as Partial<Messages> as Messages,
  missingWarn: false,
  fallbackWarn: false,
})

/** Switches the page to a language, loading its messages first. */
export async function useLocale(locale: Locale): Promise<void> {
  if (!i18n.global.availableLocales.includes(locale)) {
    const loaded = await import('./locales/en.json')
    i18n.global.setLocaleMessage(locale, loaded.default as never)
  }
  i18n.global.locale.value = locale
  document.documentElement.lang = locale
}

/** For code outside components. */
export const translate = (key: string, values: Record<string, unknown> = {}): string => i18n.global.t(key, values)
