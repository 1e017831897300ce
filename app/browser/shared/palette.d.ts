/** What the server writes at /browser/shared/palette.js, from app/show/palette.py: the colours of classes, "#rrggbb". */
export const LIGHT: string[]
export const DARK: string[]
