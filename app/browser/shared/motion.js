// @ts-check
// Whether the page is asked to keep still: then nothing glides from place to place. For what CSS moves, style.css does that.

export const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches
