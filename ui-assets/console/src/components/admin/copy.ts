/** Copies a text and says so. */
import { translate } from '@/i18n'
import { useToasts } from '@/stores/toasts'

export async function copyText(text: string): Promise<void> {
  const toasts = useToasts()
  try {
    await navigator.clipboard.writeText(text)
    toasts.show(translate('admin.copied'), { tone: 'success' })
  } catch {
    // Not allowed on a page without TLS: the text stands there to be marked by hand.
    toasts.show(translate('admin.copy_failed'), { tone: 'error' })
  }
}
