/** The present moment as a reactive value, for waiting times and day names. */
import { defineStore } from 'pinia'
import { ref } from 'vue'

const STEP_MS = 10_000

export const useClock = defineStore('clock', () => {
  const now = ref(Date.now())
  setInterval(() => (now.value = Date.now()), STEP_MS)
  return { now }
})
