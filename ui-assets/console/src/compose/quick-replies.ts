/** When a text in the composer looks for a stored reply. */

/** What stands behind a `/` that begins the text, or null: then it is no search. WeChat's old emoticons begin alike. */
export function slashQuery(text: string): string | null {
  return /^\/(?!:)[^\n]{0,40}$/.test(text) ? text.slice(1) : null
}
