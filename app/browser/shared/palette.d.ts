/** What the server writes at /browser/shared/palette.js, from app/show/palette.py: the colours of classes, "#rrggbb". */
export const LIGHT: string[]
export const DARK: string[]
/** Of symbols in text, by "elbo", "distortion" and "rate". */
export const INK_LIGHT: Record<string, string>
export const INK_DARK: Record<string, string>
