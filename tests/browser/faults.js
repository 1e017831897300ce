() => {
  // What of the page does not lie inside the window, between the bar and what lies over the foot; what overlaps in the bar.
  const seen = (e) => e.getClientRects().length && getComputedStyle(e).visibility !== 'hidden'
  const all = (...names) => names.flatMap((name) => [...document.querySelectorAll(name)]).filter(seen)
  const box = (e) => e.getBoundingClientRect(), fixed = (e) => getComputedStyle(e).position === 'fixed'
  const foot = all('.zscope-actions .zscope-status', '.zc-tools').filter(fixed)
  const top = Math.max(...all('[data-testid=stHeader]', '.st-key-zscope-pages').map((e) => box(e).bottom))
  const bottom = Math.min(innerHeight, ...foot.map((e) => box(e).top)), faults = []
  const main = ['.zscope-map', '.zm-legend', '.zm-tools', '.zt-map', '.zt-legend', '.zg-tiles', '.wp-slider', '.wp-buttons',
    '.st-key-zscope-field-method', '.st-key-zscope-seed button', '.st-key-train-go button',
    '.zscope-view .zc-frame', ...(foot.length > 0 && foot[0].matches('.zc-tools') ? [] : ['.zc-tools']),
    ...['undo', 'redo', 'pin', 'flip'].map((name) => `.zscope-actions [data-do=${name}]`)]
  for (const name of main)
    for (const e of all(name)) {
      const { left, right, top: above, bottom: below } = box(e)
      if (left < -1 || right > innerWidth + 1 || above < top - 1 || below > bottom + 1)
        faults.push(`${name} at ${[left, above, right, below].map(Math.round)}, free is ${Math.round(top)} to ${Math.round(bottom)}`)
    }
  const lines = [...document.querySelectorAll('.zt-words p')], said = lines.map((p) => p.textContent)
  for (const p of lines) p.textContent = 'the value of a column with a long name '.repeat(2) // as of a table: they are cut, and widen nothing
  for (const e of all('.zscope-twins *'))
    if (box(e).right > innerWidth + 1) faults.push(`${e.className || e.tagName} of two maps reaches to ${Math.round(box(e).right)}`)
  lines.forEach((p, k) => { p.textContent = said[k] })
  const bar = all('.zscope-brand', '[data-testid=stTopNavLink]', '.st-key-zscope-model', '.st-key-zscope-share button', '.st-key-zscope-pages a')
  bar.forEach((a, i) => bar.slice(i + 1).forEach((b) => {
    const p = box(a), q = box(b), over = (low, high) => Math.min(p[high], q[high]) - Math.max(p[low], q[low]) > 1
    if (over('left', 'right') && over('top', 'bottom')) faults.push(`${a.textContent} and ${b.textContent} overlap`)
  }))
  if (all('[data-testid=stTopNavLink]', '.st-key-zscope-pages a').length < 6) faults.push('not every page can be reached')
  const frames = innerWidth < 600 ? all('.fs-row[data-driving=true] .fs-frame > canvas') : []
  for (const { width, bottom: below } of frames.map(box))
    if (width < 40 || below > bottom) faults.push(`a frame of the path ${Math.round(width)} px wide, down to ${Math.round(below)} of ${Math.round(bottom)}`)
  if (document.documentElement.scrollWidth > innerWidth + 1) faults.push('the page is wider than the window')
  const map = document.querySelector('.zscope-map'), column = map?.closest('[data-testid=stColumn]')
  if (column?.offsetHeight && map.offsetHeight < column.offsetHeight / 2 - 1) faults.push('the map has less than half of its column')
  const main_ = document.querySelector('[data-testid=stMain]')
  if ((innerWidth >= 900 || innerHeight < 500) && document.querySelector('.st-key-zscope-stage') && main_.scrollHeight > main_.clientHeight + 1) faults.push('the page scrolls')
  return faults
}
