// @ts-check
// Enter opens a list of choices that has the focus: Streamlit opens it by the arrow keys and by typing alone.

/** Whether the key was Enter on a closed list, which is now open. @param {KeyboardEvent} event */
export function opensList(event) {
  const at = /** @type {HTMLElement} */ (event.target)
  if (event.key !== "Enter" || at.getAttribute?.("role") !== "combobox" || at.getAttribute("aria-expanded") !== "false") return false
  at.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowDown", code: "ArrowDown", bubbles: true }))
  return true
}
