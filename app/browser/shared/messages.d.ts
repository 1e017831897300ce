/** What the server writes at /browser/shared/messages.js: the language in use, and its catalogue. */
export const language: string
export const messages: Record<string, string | string[]>
