/** The ring: two soft tones, made here, so that nothing has to be loaded. */

let context: AudioContext | null = null

/** Browsers let a page sound only after somebody has touched it. */
export const isUnlocked = (): boolean => navigator.userActivation?.hasBeenActive ?? context?.state === 'running'

/** Plays the ring once; silent where the browser does not allow it yet. */
export async function ring(volume: number): Promise<void> {
  if (volume <= 0 || !('AudioContext' in globalThis) || !isUnlocked()) return
  context ??= new AudioContext()
  if (context.state === 'suspended') await context.resume().catch(() => undefined)
  if (context.state !== 'running') return
  tone(context, 659.25, 0, volume)
  tone(context, 880, 0.16, volume)
}

function tone(audio: AudioContext, pitch: number, after: number, volume: number) {
  const start = audio.currentTime + after
  const gain = audio.createGain()
  gain.gain.setValueAtTime(0, start)
  gain.gain.linearRampToValueAtTime(volume * 0.35, start + 0.02)
  gain.gain.exponentialRampToValueAtTime(0.0001, start + 0.5)
  const oscillator = audio.createOscillator()
  oscillator.type = 'sine'
  oscillator.frequency.value = pitch
  oscillator.connect(gain).connect(audio.destination)
  oscillator.start(start)
  oscillator.stop(start + 0.55)
}
