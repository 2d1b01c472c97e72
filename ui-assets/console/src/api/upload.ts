/** Uploads one file with progress. XMLHttpRequest, because fetch cannot report upload progress. */
import { reportLoss, sessionHeaders, toApiError, unreachable } from './client'
import type { Media } from './types'

/** The server refuses anything larger, whatever the channel allows. */
export const SERVER_MAX_BYTES = 20 * 1024 * 1024

/** Where an uploaded file is read from. */
export const mediaUrl = (id: string, download = false) => `/m/${encodeURIComponent(id)}${download ? '?download' : ''}`

export function uploadMedia(
  shop: number,
  file: Blob & { name?: string },
  mime: string,
  onProgress: (fraction: number) => void,
  signal: AbortSignal,
): Promise<Media> {
  return new Promise((resolve, reject) => {
    const abort = () => xhr.abort()
    const xhr = new XMLHttpRequest()
    xhr.open('POST', `/api/shops/${shop}/media`)
    for (const [name, value] of Object.entries(sessionHeaders('POST'))) xhr.setRequestHeader(name, value)
    xhr.setRequestHeader('content-type', mime || 'application/octet-stream')
    if (file.name) xhr.setRequestHeader('x-file-name', encodeURIComponent(file.name))
    xhr.upload.onprogress = (event) => {
      if (event.lengthComputable && event.total > 0) onProgress(event.loaded / event.total)
    }
    xhr.onabort = () => reject(new DOMException('cancelled', 'AbortError'))
    xhr.onerror = () => reject(unreachable())
    xhr.onload = () => {
      if (xhr.status < 200 || xhr.status >= 300) {
        const failure = toApiError(xhr.status, xhr.responseText)
        reportLoss(failure)
        reject(failure)
        return
      }
      try {
        resolve(JSON.parse(xhr.responseText) as Media)
      } catch {
        reject(toApiError(xhr.status, ''))
      }
    }
    xhr.onloadend = () => signal.removeEventListener('abort', abort)
    if (signal.aborted) {
      reject(new DOMException('cancelled', 'AbortError'))
      return
    }
    signal.addEventListener('abort', abort, { once: true })
    xhr.send(file)
  })
}
