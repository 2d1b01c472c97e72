/**
 * Languages: zh-CN is built in and complete, English loads when chosen. Texts of pages that load by themselves
 * come with them, in files of their own.
 */
import { createI18n } from 'vue-i18n'
import zh from './locales/zh-CN.json'

export type Locale = 'zh-CN' | 'en'
export const LOCALES: readonly Locale[] = ['zh-CN', 'en']

type Messages = { [name in Locale]: typeof zh }
/** Texts that belong to a part of the console, one file a language. */
export type TextPart = Record<Locale, () => Promise<{ default: object }>>

export const i18n = createI18n<false>({
  legacy: false,
  locale: 'zh-CN',
  fallbackLocale: 'zh-CN',
  messages: { 'zh-CN': zh } as Partial<Messages> as Messages,
  missingWarn: false,
  fallbackWarn: false,
})

/** Parts that were asked for, with the languages they are there in. */
const parts = new Map<TextPart, Set<Locale>>()

async function fetchPart(part: TextPart, locale: Locale): Promise<void> {
  const held = parts.get(part) ?? new Set<Locale>()
  parts.set(part, held)
  if (held.has(locale)) return
  const { default: texts } = await part[locale]()
  held.add(locale)
  i18n.global.mergeLocaleMessage(locale, texts as never)
}

/** Loads the texts of a part of the console; from then on it follows the language. */
export const loadTexts = (part: TextPart): Promise<void> => fetchPart(part, i18n.global.locale.value as Locale)

/** Switches the page to a language, loading its messages first. */
export async function useLocale(locale: Locale): Promise<void> {
  if (!i18n.global.availableLocales.includes(locale)) {
    const loaded = await import('./locales/en.json')
    i18n.global.setLocaleMessage(locale, loaded.default as never)
  }
  await Promise.all([...parts.keys()].map((part) => fetchPart(part, locale)))
  i18n.global.locale.value = locale
  document.documentElement.lang = locale
}

/** For code outside components. */
export const translate = (key: string, values: Record<string, unknown> = {}): string => i18n.global.t(key, values)
