/** Texts of the merchant's pages (customers, marks, broadcasts, search, tags): none of them is needed to chat. */
import type { Component } from 'vue'
import { loadTexts, type TextPart } from './index'

const WORK: TextPart = {
  'zh-CN': () => import('./locales/work.zh-CN.json'),
  en: () => import('./locales/work.en.json'),
}

type Loader = () => Promise<{ default: Component }>

/** A page that loads together with its texts. */
export const withWorkTexts = (load: Loader): Loader => async () => (await Promise.all([load(), loadTexts(WORK)]))[0]
