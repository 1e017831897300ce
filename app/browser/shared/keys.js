// @ts-check
// Which keys are for whoever has the focus.

export const TYPING = "input:not([type=range]):not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable=true]"

// whether the key goes into a field
export const typing = (event) => Boolean(event.composedPath()[0].closest?.(TYPING))
