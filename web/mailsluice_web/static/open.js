// The list, and the message that stands open. Loaded before all files that ask for them, since events come also between one
// file and the next.
const find = (selector) => document.querySelector(selector)
const rows = () => [...document.querySelectorAll("#messages a.row")]
const head = () => find(".list-head")
const shownPlace = () => [head()?.dataset.query, head()?.dataset.mailbox].join("\n")
const openRow = () => rows().find((row) => row.ariaCurrent === "true")

// The path of the message that was chosen last. The address bar follows only when the message has come, and a list that
// is refreshed in between must not put the mark back.
let chosen = location.pathname
let left = "" // and the message before
const wereRead = [] // messages that were open in the list since one came to it

const openPath = () => chosen.split("/").slice(0, 3).join("/")
const idOf = (path) => /^\/messages\/([^/]+)/.exec(path)?.[1]

const mark = () => {
  for (const row of rows()) {
    const open = chosen === row.pathname || chosen.startsWith(row.pathname + "/")
    open ? row.setAttribute("aria-current", "true") : row.removeAttribute("aria-current")
  }
}

const choose = (path) => {
  const before = [chosen, openPath()]
  chosen = new URL(path, location.href).pathname
  if (chosen === before[0]) return mark()
  stood = Infinity
  left = before[1]
  if (!idOf(chosen)) wereRead.length = 0
  else if (idOf(left)) wereRead.push(idOf(left))
  mark()
}

// Where a row stands among all mail, whatever comes above it and goes; and which row is next below.
const orderOf = (row) => Number(row.closest(".item").querySelector("[name=id]").dataset.order)
const below = (order) => rows().find((row) => orderOf(row) < order) ?? rows().at(-1)

// Where the row stood that was open, or had the focus, and is gone.
let stood = Infinity

const nextRow = (by) => {
  const list = rows()
  const at = list.indexOf(openRow())
  if (at >= 0) return list[Math.max(0, Math.min(list.length - 1, at + by))]
  // With nothing chosen, the focused row is the next one: it stands where the deleted message stood.
  return list[list.indexOf(document.activeElement)] ?? below(stood)
}

// A view that was chosen, and that every message has, is kept from message to message.
const KEPT_VIEW = /^\/messages\/[^/]+(\/(?:text|headers|source|parts))$/

const step = (by) => {
  // A message that is too far down for the list, or not in it, still knows its neighbours.
  if (!openRow() && find("#pane article.message #subject")) return find(by > 0 ? "a#step-older" : "a#step-newer")?.click()
  const row = nextRow(by)
  if (!row) return
  if (row === openRow()) {
    row.focus()
    // The list may end before the mail does.
    if (by > 0 && find("#older a") && chosen === location.pathname) find("a#step-older")?.click()
    return
  }
  const address = row.getAttribute("hx-get")
  const [path, query] = address.split("?")
  const [, view = ""] = KEPT_VIEW.exec(location.pathname) ?? []
  row.setAttribute("hx-get", path + view + (query ? `?${query}` : ""))
  row.focus()
  row.click()
  row.setAttribute("hx-get", address)
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a.row, .steps-between a")
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return
  choose(link.href)
})

// What is announced and must be read too, for a moment

let said = 0

const say = (text) => {
  const line = find("#announcement")
  line.textContent = text
  line.className = "spoken"
  clearTimeout(said)
  said = setTimeout(() => { line.className = "hidden" }, 4000)
}
