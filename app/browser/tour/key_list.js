// @ts-check
// Every key, and what else can be done by pointer, as the dialog "?" lists them.

import { element } from "../shared/elements.js"
import { _ } from "../shared/text.js"

/** @type {[string, [string, string][]][]} heading, then keys and what they do */
export const KEYS = [
  [_("Everywhere"), [
    ["?", _("this list")],
    ["T", _("the tour of Explore")],
  ]],
  [_("Map"), [
    [_("Arrow keys"), _("move the cursor, with Shift in larger steps")],
    [_("Enter or click"), _("selects the point; on Interpolate, adds a waypoint")],
    ["+ − 0", _("zoom in, zoom out, show the whole map; the wheel or two fingers zoom too")],
    [_("Drag"), _("moves the map; one finger moves the point instead")],
    [_("Right click"), _("opens a menu at that point; so does a finger at rest")],
    ["M", _("opens that menu at the cursor")],
    ["H", _("holds the sample at the cursor: the map is decoded with its residual")],
    [_("Esc"), _("clears the selection, releases what is held, then returns to the last point")],
  ]],
  [_("Explore"), [
    ["P", _("presents the map to a hall: it fills the screen, until Esc")],
    [_("Space"), _("pins the point; held, shows the pinned point instead")],
    [_("Ctrl+Z"), _("undoes; with Shift, does it again")],
    [_("Shift, Alt"), _("with Lasso and Box: add to the selection, take away from it")],
    [_("Enter"), _("with Lasso and Box: begins and ends; arrow keys draw")],
    [_("Space"), _("with Draw: puts the brush down and lifts it; arrow keys move it")],
  ]],
  [_("Interpolate and animations"), [
    [_("Space"), _("plays and pauses")],
    [_("Ctrl+Z"), _("undoes a change of the path; with Shift, does it again")],
    ["← →", _("move along the path, or through the frames")],
    [_("Delete"), _("removes the waypoint that has the focus; arrow keys move it")],
  ]],
]

/** The list as elements of the page. */
export function keyList() {
  return KEYS.map(([heading, keys]) => {
    const part = document.createElement("section"), list = document.createElement("dl")
    for (const [key, what] of keys) {
      const name = document.createElement("dt")
      name.append(element("kbd", "", key))
      list.append(name, element("dd", "", what))
    }
    part.append(element("h4", "", heading), list)
    return part
  })
}
