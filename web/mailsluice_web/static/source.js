// What was found in a source comes into view, and what is copied or printed as a whole. Loaded after app.js.
const showFound = () => {
  const found = find("#here")
  if (!found || found.dataset.shown) return
  found.dataset.shown = "yes"
  const body = found.closest(".body")
  if (body.scrollHeight <= body.clientHeight) return found.scrollIntoView({ block: "center" })
  // Whole lines stand above it.
  const { top, height } = found.getBoundingClientRect()
  const line = parseFloat(getComputedStyle(found.parentElement).lineHeight)
  const above = Math.floor(body.clientHeight / 3 / line) * line
  body.scrollTop += top - (line - height) / 2 - body.getBoundingClientRect().top - body.clientTop - above
}

document.addEventListener("input", ({ target: box }) => {
  if (box.id === "find-in-source") box.closest(".finder").toggleAttribute("data-behind", box.value !== box.defaultValue)
})

// Enter goes on from match to match, and with Shift back; after the last, the search begins anew.
document.addEventListener("keydown", (event) => {
  const box = event.target
  if (event.key !== "Enter" || event.isComposing || box.id !== "find-in-source" || box.value !== box.defaultValue) return
  const link = find(`.finder [data-turns="${event.shiftKey ? "back" : "on"}"]`)
  if (!link && !event.shiftKey) return
  event.preventDefault()
  link?.click()
})

// A part that was opened stands at the top, with what it contains below.
const showPart = () => {
  const line = find('.part-line[aria-expanded="true"]')
  if (!line || line.dataset.shown) return
  line.dataset.shown = "yes"
  line.scrollIntoView({ block: "start" })
}

// On a phone the views stand in one row, which may be wider than the screen.
const showView = () => {
  const tab = find(".tabs [aria-current]")
  if (!tab || tab.dataset.shown) return
  tab.dataset.shown = "yes"
  const { left, right } = tab.getBoundingClientRect()
  if (left < 0 || right > innerWidth) tab.parentElement.scrollLeft += left - innerWidth / 3
}

for (const show of [showFound, showPart, showView]) {
  document.addEventListener("htmx:finally:swap", show)
  show()
}

// The clipboard is asked within the click, and fed when the text is there: later it might be refused.
const copyWhole = async (link) => {
  const text = fetch(link.href).then((answer) => {
    if (!answer.ok) throw new Error(answer.statusText)
    return answer.text()
  })
  const blob = text.then((whole) => new Blob([whole], { type: "text/plain" }))
  try {
    await navigator.clipboard.write([new ClipboardItem({ "text/plain": blob })])
    find("#announcement").textContent = `${link.dataset.copies} copied`
  } catch {
    find("#announcement").textContent = "It could not be copied"
  }
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-prints]")) return setTimeout(print)
  const link = event.target.closest("a[data-copies]")
  if (!link || !navigator.clipboard || event.ctrlKey || event.metaKey || event.shiftKey) return
  event.preventDefault()
  copyWhole(link)
})
