/** The microphone: asks for it, records up to a minute, shows how loud it is, gives it back. */
import { computed, onBeforeUnmount, ref } from 'vue'
import { encodeVoice, type Voice } from './encode'

/** WeChat takes voice up to 60 seconds; a moment less, because encoders add silence. */
export const MOST_SECONDS = 59.5
/** Levels a second that the waveform shows. */
const LEVELS = 12

/** Why there is no recording: refused by the user or the browser, no microphone, no secure page, or broken. */
export type VoiceProblem = 'denied' | 'missing' | 'insecure' | 'busy' | 'empty' | 'broken'

export function problemOf(error: unknown): VoiceProblem {
  const name = error instanceof DOMException ? error.name : ''
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'denied'
  if (name === 'NotFoundError' || name === 'OverconstrainedError') return 'missing'
  return name === 'NotReadableError' || name === 'AbortError' ? 'busy' : 'broken'
}

export function useRecorder() {
  const state = ref<'idle' | 'asking' | 'recording' | 'encoding' | 'done'>('idle')
  const problem = ref<VoiceProblem | null>(null)
  const elapsed = ref(0)
  /** 0..1, oldest first. */
  const levels = ref<number[]>([])
  const voice = ref<Voice | null>(null)
  const url = ref('')
  let stream: MediaStream | null = null
  let media: MediaRecorder | null = null
  let context: AudioContext | null = null
  let timer: ReturnType<typeof setInterval> | undefined
  /** Grows with every start and cancel: what an older one still brings is dropped. */
  let turn = 0

  async function start() {
    reset()
    const mine = ++turn
    if (!navigator.mediaDevices || typeof MediaRecorder === 'undefined') {
      problem.value = 'insecure'
      return
    }
    state.value = 'asking'
    try {
      const granted = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true } })
      if (mine !== turn) {
        for (const track of granted.getTracks()) track.stop()
        return
      }
      stream = granted
      record(granted, mine)
    } catch (error) {
      if (mine !== turn) return
      release()
      state.value = 'idle'
      problem.value = problemOf(error)
    }
  }

  function record(from: MediaStream, mine: number) {
    const pieces: Blob[] = []
    const recorder = new MediaRecorder(from)
    media = recorder
    recorder.ondataavailable = ({ data }) => pieces.push(data)
    recorder.onstop = () => {
      release()
      if (mine === turn) void finish(new Blob(pieces, { type: recorder.mimeType }), mine)
    }
    recorder.start()
    state.value = 'recording'
    watchLevel(from)
  }

  function watchLevel(from: MediaStream) {
    context = new AudioContext()
    const meter = context.createAnalyser()
    meter.fftSize = 1024
    context.createMediaStreamSource(from).connect(meter)
    const wave = new Uint8Array(meter.fftSize)
    const started = performance.now()
    timer = setInterval(() => {
      meter.getByteTimeDomainData(wave)
      const loud = wave.reduce((most, value) => Math.max(most, Math.abs(value - 128)), 0) / 128
      levels.value = [...levels.value, Math.min(1, loud * 1.6)]
      elapsed.value = (performance.now() - started) / 1_000
      if (elapsed.value >= MOST_SECONDS) stop()
    }, 1_000 / LEVELS)
  }

  async function finish(recording: Blob, mine: number) {
    state.value = 'encoding'
    try {
      const made = await encodeVoice(recording, MOST_SECONDS, `voice-${Date.now()}.mp3`)
      if (mine !== turn) return
      if (made.seconds < 0.5) {
        problem.value = 'empty'
        state.value = 'idle'
        return
      }
      voice.value = made
      elapsed.value = made.seconds
      url.value = URL.createObjectURL(made.file)
      state.value = 'done'
    } catch {
      if (mine !== turn) return
      problem.value = 'broken'
      state.value = 'idle'
    }
  }

  function stop() {
    if (media?.state === 'recording') media.stop()
  }

  /** Gives the microphone back; the browser's red dot must go out at once. */
  function release() {
    clearInterval(timer)
    for (const track of stream?.getTracks() ?? []) track.stop()
    stream = null
    media = null
    void context?.close().catch(() => undefined)
    context = null
  }

  function reset() {
    turn += 1
    if (media?.state === 'recording') media.stop()
    release()
    if (url.value) URL.revokeObjectURL(url.value)
    url.value = ''
    voice.value = null
    levels.value = []
    elapsed.value = 0
    problem.value = null
    state.value = 'idle'
  }

  onBeforeUnmount(reset)
  return { state, problem, elapsed, levels, voice, url, seconds: computed(() => Math.round(elapsed.value)), start, stop, reset }
}
