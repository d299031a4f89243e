// Search, mailboxes, menus: where in the captured mail the page is. Loaded before app.js, whose functions it calls later.

// What the list looks for, and in which mailbox: the URL says it, list and box follow.
const placeOf = (url) => [url.searchParams.get("q") ?? "", url.searchParams.get("mailbox") ?? ""]
const isInbox = () => location.pathname === "/" || location.pathname.startsWith("/messages/")
let place = null

// See complete.js: what the box is, is said before it is there.
const toComplete = { role: "combobox", "aria-expanded": "false", "aria-autocomplete": "list", "aria-haspopup": "listbox" }
for (const [name, value] of Object.entries(toComplete)) document.querySelector("#q")?.setAttribute(name, value)

// What is typed and not searched for, such as a term that is half written: the list and what was understood are of before.
const isBehindBox = () => Boolean(head()) && find("#q").value.trim() !== head().dataset.query.trim()
let dimming = 0

// Who goes on typing sees no flicker.
const tellBehind = () => {
  clearTimeout(dimming)
  if (isBehindBox()) dimming = setTimeout(() => find("#list").toggleAttribute("data-behind", isBehindBox()), 600)
  else find("#list").removeAttribute("data-behind")
}

document.addEventListener("input", (event) => event.target.id === "q" && head() && tellBehind())

// What was typed while nobody answered
const searchAgain = () => isBehindBox() && find("#search").dispatchEvent(new CustomEvent("again"))

const followPlace = () => {
  if (!head()) return
  const { query, mailbox } = head().dataset
  const box = find("#q")
  const inMailbox = find("#q-mailbox")
  if (document.activeElement !== box) box.value = query
  tellBehind()
  inMailbox.value = mailbox
  inMailbox.disabled = !mailbox
  const shown = shownPlace()
  const isFirst = place === null
  if (shown === place) return
  place = shown
  if (isFirst) return
  wereRead.length = 0
  find("#messages").scrollTop = 0
  if (query.trim()) find("#announcement").textContent = find("#found").textContent
}

// The message that is open stays in the list that is fetched again, as long as it is the list of the place that the address
// names; what was read in it before, and what has the focus, until the list becomes one of another place.
const READ = 20

document.addEventListener("htmx:config:request", (event) => {
  const { sourceElement, request } = event.detail.ctx
  if (sourceElement?.id !== "messages") return
  const asked = ["q", "mailbox"].map((name) => request.body.get(name)).join("\n")
  const isSame = asked === shownPlace()
  const isHere = asked === placeOf(new URL(location.href)).join("\n")
  const opened = new Set([isHere && idOf(openPath()), ...(isSame ? wereRead.toReversed() : [])].filter(Boolean))
  for (const id of [...opened].slice(0, READ)) request.body.append("open", id)
  const atHand = isSame && document.activeElement.closest(".item")?.querySelector("a.row")
  if (atHand) request.body.append("focused", idOf(atHand.pathname))
})

// Rows stay where they stand when others come or go above them. Not all browsers see to that themselves. At the top the list
// goes with what comes, as long as the row that has the focus, with nothing open, stays in sight.
let standing = []

document.addEventListener("htmx:before:swap", (event) => {
  const list = find("#messages")
  if (event.detail.ctx.sourceElement !== list) return
  const { top, bottom } = list.getBoundingClientRect()
  const focused = openRow() ? null : document.activeElement.closest("#rows .item")
  standing = [...(list.scrollTop ? list.querySelectorAll(".item") : [focused].filter(Boolean))]
    .map((item) => ({ id: item.id, box: item.getBoundingClientRect() }))
    .filter(({ box }) => box.bottom > top && box.top < bottom)
})

document.addEventListener("htmx:finally:swap", (event) => {
  const list = find("#messages")
  if (event.detail.ctx.sourceElement !== list) return
  const one = standing.find(({ id }) => document.getElementById(id))
  standing = []
  if (!one) return
  const now = document.getElementById(one.id).getBoundingClientRect()
  if (list.scrollTop || now.bottom > list.getBoundingClientRect().bottom) list.scrollTop += now.top - one.box.top
})

// Back, Forward, or an answer that was overtaken: the list shows another place than the URL names.
let corrected = ""

const correctPlace = () => {
  if (!head() || !isInbox()) return false
  const [query, mailbox] = placeOf(new URL(location.href))
  const wanted = [query, mailbox].join("\n")
  if (wanted === shownPlace()) corrected = ""
  else if (wanted !== corrected) {
    corrected = wanted
    const fields = find("#place").elements
    fields.q.value = query
    fields.mailbox.value = mailbox
    fields.before?.remove()
    refresh()
    return true
  }
  return false
}

// On Back and Forward the box follows, also where somebody has typed.
addEventListener("popstate", () => {
  if (find("#q") && isInbox()) find("#q").value = placeOf(new URL(location.href))[0]
})

// From a field to the list: Enter when the results are there, Esc at once.
let goesToList = false

const goToList = () => {
  goesToList = false
  const row = openRow() ?? rows()[0]
  row?.checkVisibility() ? row.focus() : document.activeElement.blur()
}

// Where nothing was found, one goes on typing.
const arrive = () => {
  if (goesToList && rows().length) goToList()
}

document.addEventListener("submit", (event) => { goesToList = event.target.id === "search" })
document.addEventListener("input", () => { goesToList = false })
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.isComposing || !event.target.matches("#q, #add-tag")) return
  event.preventDefault()
  goToList()
})

// Menus close when something was chosen, something else was clicked, or by Esc

const closeMenus = (but) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (menu !== but) menu.open = false
}

document.addEventListener("click", (event) => {
  closeMenus(event.target.closest(".menu-item") ? null : event.target.closest("details.menu"))
})

document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && find("details.menu[open]")
  if (!menu) return
  closeMenus()
  menu.querySelector("summary").focus()
})

// Within a menu the arrows go up and down, from its button on
document.addEventListener("keydown", (event) => {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key]
  const menu = by && event.target.closest?.("details.menu")
  if (!menu || event.ctrlKey || event.metaKey || event.altKey) return
  event.preventDefault()
  menu.open = true
  const items = [...menu.querySelectorAll(".menu-item")]
  const at = items.indexOf(document.activeElement)
  items.at(at < 0 && by < 0 ? -1 : (at + by) % items.length)?.focus()
})
