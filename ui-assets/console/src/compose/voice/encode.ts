/** From what the browser recorded to an MP3 that WeChat and every browser play. */
import workerUrl from './mp3.worker.ts?worker&url'
import type { EncodeOrder } from './mp3.worker'

/** Speech needs no more; a minute is 360 KB, far below WeChat's 2 MB. */
const RATE = 24_000
const KBPS = 48

interface ScriptPolicy {
  createScriptURL(url: string): unknown
}
interface PolicyFactory {
  createPolicy(name: string, rules: { createScriptURL: (url: string) => string }): ScriptPolicy
}
let policy: ScriptPolicy | undefined

/** The page's policy wants to know that this address is our own. */
function trusted(url: string): string {
  const factory = (globalThis as { trustedTypes?: PolicyFactory }).trustedTypes
  policy ??= factory?.createPolicy('weikefu-worker', { createScriptURL: (address) => address })
  return (policy?.createScriptURL(url) ?? url) as string
}

/** Decodes a recording to mono at the encoder's rate. */
async function decode(recording: Blob): Promise<Float32Array<ArrayBuffer>> {
  // The browser resamples to the rate of the context it decodes for.
  const context = new OfflineAudioContext(1, 1, RATE)
  const sound = await context.decodeAudioData(await recording.arrayBuffer())
  const mono = new Float32Array(sound.length)
  for (let channel = 0; channel < sound.numberOfChannels; channel += 1) {
    const data = sound.getChannelData(channel)
    for (let index = 0; index < mono.length; index += 1) mono[index] = (mono[index] ?? 0) + (data[index] ?? 0) / sound.numberOfChannels
  }
  return mono
}

export interface Voice {
  file: File
  seconds: number
}

/** The recording as MP3, cut off after `most` seconds: the platform refuses a longer one. */
export async function encodeVoice(recording: Blob, most: number, name: string): Promise<Voice> {
  const mono = await decode(recording)
  const samples = mono.length > most * RATE ? mono.slice(0, Math.floor(most * RATE)) : mono
  const seconds = samples.length / RATE
  const worker = new Worker(trusted(workerUrl), { type: 'module' })
  try {
    const blob = await new Promise<Blob>((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<Blob>) => resolve(data)
      worker.onerror = (event) => reject(new Error(event.message || 'encoder'))
      const order: EncodeOrder = { samples, rate: RATE, kbps: KBPS }
      worker.postMessage(order, [samples.buffer])
    })
    return { file: new File([blob], name, { type: 'audio/mpeg' }), seconds }
  } finally {
    worker.terminate()
  }
}
