/** Encodes mono sound to MP3 away from the page. A chunk of its own: who never records never loads it. */
import { Mp3Encoder } from '@breezystack/lamejs'

export interface EncodeOrder {
  /** Mono, -1..1; handed over, not copied. */
  samples: Float32Array<ArrayBuffer>
  rate: number
  /** Kilobits a second. */
  kbps: number
}

/** One MPEG frame. */
const BLOCK = 1152

function toInt16(samples: Float32Array): Int16Array {
  const out = new Int16Array(samples.length)
  for (let index = 0; index < samples.length; index += 1) {
    const value = Math.max(-1, Math.min(1, samples[index] ?? 0))
    out[index] = value < 0 ? value * 0x8000 : value * 0x7fff
  }
  return out
}

self.onmessage = ({ data }: MessageEvent<EncodeOrder>) => {
  const encoder = new Mp3Encoder(1, data.rate, data.kbps)
  const sound = toInt16(data.samples)
  const parts: Uint8Array<ArrayBuffer>[] = []
  const keep = (bytes: ArrayLike<number>) => {
    if (bytes.length > 0) parts.push(new Uint8Array(bytes))
  }
  for (let at = 0; at < sound.length; at += BLOCK) keep(encoder.encodeBuffer(sound.subarray(at, at + BLOCK)))
  keep(encoder.flush())
  self.postMessage(new Blob(parts, { type: 'audio/mpeg' }))
}
