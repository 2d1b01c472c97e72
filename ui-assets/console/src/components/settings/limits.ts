/** Bounds the server sets too. */
export const AUTOMATIC_TEXT_MAX = 500

/** Characters as the server counts them. */
export const tooLong = (text: string, max = AUTOMATIC_TEXT_MAX): boolean => [...text.trim()].length > max
