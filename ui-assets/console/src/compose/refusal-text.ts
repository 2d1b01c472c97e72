/** Limits and refusals in words: what happened and what to do instead. */
import { useI18n } from 'vue-i18n'
import type { ChannelView, MediaKind } from '@/api/types'
import { formatBytes, formatNames, limitOf, maxBytes, type Refusal } from './files'

export function useRefusalText() {
  const { t } = useI18n()

  function refusalText(refusal: Refusal): string {
    const kind = t(`kind.${refusal.kind}`)
    switch (refusal.why) {
      case 'kind':
        return t('refused.kind', { kind })
      case 'empty':
        return t('refused.empty')
      case 'content':
        return t('refused.content', { kind })
      case 'mime':
        return t('refused.mime', { kind, formats: formatNames(refusal.allowed) })
      case 'size':
        return t('refused.size', { kind, max: formatBytes(refusal.max), size: formatBytes(refusal.size) })
    }
  }

  function limitText(channel: Pick<ChannelView, 'sends'> | undefined, kind: MediaKind): string {
    const limit = limitOf(channel, kind)
    if (!limit) return ''
    const size = t('composer.at_most', { kind: t(`kind.${kind}`), size: formatBytes(maxBytes(limit)) })
    return limit.mime?.length ? `${size} · ${formatNames(limit.mime)}` : size
  }

  return { refusalText, limitText }
}
