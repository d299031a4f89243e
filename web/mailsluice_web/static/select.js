// The selection: which messages are ticked, through refreshes and growing lists. Loaded by app.js with the first tick.
// Without scripts the boxes and the form of the bar do the same for what is shown.

// Ids with the order of their rows; or all that match, up to the newest one when they were chosen.
const selected = new Map()
let everything = null
let anchor = "" // where a range begins
let selectedIn = null // the place; another one has another selection

const MOST_SELECTED = 100000
const ticks = () => [...document.querySelectorAll("#rows [name=id]")]
const orderOf = (tick) => Number(tick.dataset.order)
const isSelected = (tick) => (everything ? orderOf(tick) <= everything.upto : selected.has(tick.value))
const isSelecting = () => everything !== null || selected.size > 0
const bar = () => find("#selection")

// What the page shows of it

const countSelected = () => (everything ? everything.count?.toLocaleString() ?? "All" : selected.size.toLocaleString())

const showSelection = () => {
  const shown = ticks()
  for (const tick of shown) tick.checked = isSelected(tick)
  const chosen = shown.filter((tick) => tick.checked)
  const hadFocus = bar().contains(document.activeElement)
  find("#list").toggleAttribute("data-selecting", isSelecting())
  find("#count").textContent = countSelected()
  find("#selected").checked = chosen.length === shown.length
  find("#selected").indeterminate = chosen.length < shown.length
  offer("seen", chosen.some((tick) => rowOf(tick).matches(".unread")) || !chosen.length)
  offer("pinned", chosen.some((tick) => !rowOf(tick).querySelector(".pinned")) || !chosen.length)
  offerEverything(shown)
  nameUnseen(shown)
  if (hadFocus && !isSelecting()) (shown.find((tick) => tick.value === anchor) ?? shown[0])?.focus()
}

const rowOf = (tick) => tick.closest(".item").querySelector("a.row")

// One of two buttons that undo each other, and the focus stays on what is there.
const offer = (name, isOn) => {
  const [yes, no] = bar().querySelectorAll(`button[name=${name}]`)
  const hadFocus = document.activeElement === (isOn ? no : yes)
  yes.hidden = !isOn
  no.hidden = isOn
  if (hadFocus) (isOn ? yes : no).focus()
}

const offerEverything = (shown) => {
  const { newest, matching, query } = head()?.dataset ?? {}
  const isMore = !everything && newest && shown.length > 0 && shown.every(isSelected) && !(matching <= selected.size)
  const many = matching > MOST_SELECTED ? `the newest ${MOST_SELECTED.toLocaleString()}` : matching && `all ${Number(matching).toLocaleString()}`
  find("#more").hidden = !isMore
  find("#select-everything").textContent = `Select ${many ?? "all"} ${query?.trim() ? "that match" : "messages"}`
  find("#everything").disabled = find("#upto").disabled = !everything
  find("#upto").value = everything?.upto ?? ""
}

// Arrivals push rows out of the list, but not out of the selection.
const nameUnseen = (shown) => {
  const known = new Set(shown.map((tick) => tick.value))
  const inputs = [...selected.keys()].filter((id) => !everything && !known.has(id)).map((id) => {
    const input = Object.assign(document.createElement("input"), { type: "hidden", name: "id", value: id })
    input.setAttribute("form", "selection")
    return input
  })
  find("#unseen").replaceChildren(...inputs)
}

// How it changes

const tellSelection = () => {
  showSelection()
  find("#announcement").textContent = isSelecting() ? `${countSelected()} selected` : "Nothing selected"
}

const forget = () => {
  selected.clear()
  everything = null
}

const narrow = () => {
  if (!everything) return
  const shown = ticks().filter(isSelected)
  forget()
  for (const tick of shown) selected.set(tick.value, orderOf(tick))
}

const pick = (tick, isOn, isRange) => {
  narrow()
  const all = ticks()
  const at = all.indexOf(tick)
  const from = isRange ? all.findIndex((one) => one.value === anchor) : -1
  const range = from < 0 ? [tick] : all.slice(Math.min(from, at), Math.max(from, at) + 1)
  for (const one of range) isOn ? selected.set(one.value, orderOf(one)) : selected.delete(one.value)
  anchor = tick.value
  tellSelection()
}

const pickAll = () => {
  narrow()
  for (const tick of ticks()) selected.set(tick.value, orderOf(tick))
  tellSelection()
}

const pickEverything = () => {
  const { newest, matching } = head().dataset
  forget()
  everything = { upto: Number(newest), count: matching ? Math.min(matching, MOST_SELECTED) : null }
  tellSelection()
  find("#selected").focus()
}

const clearSelection = () => {
  forget()
  tellSelection()
}

const act = ({ target, shiftKey, isOn = target.checked }) => {
  if (target.matches("#rows [name=id]")) pick(target, isOn, shiftKey)
  else if (target.id === "selected") isOn ? pickAll() : clearSelection()
  else if (target.closest("#clear")) clearSelection()
  else if (target.id === "select-everything") pickEverything()
  else if (target.matches("[data-all-shown]")) {
    target.checked = false // it is there again when nothing is selected
    pickAll()
    find("#selected").focus()
  }
}

// A menu, a dialog and a field close first; before all others, since they close by the same key.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.isComposing || !isSelecting() || !bar().checkVisibility()) return
  if (find("dialog:modal, details.menu[open]") || event.target.closest?.("input:not([type=checkbox]), textarea, select")) return
  event.preventDefault()
  clearSelection()
}, true)

// The list came anew: what is gone from it is not selected any more, unless it is further down than the list goes.

const followList = () => {
  const { query, mailbox } = head().dataset
  const shown = [query, mailbox].join("\n")
  if (shown !== selectedIn) forget()
  selectedIn = shown
  const there = new Set(ticks().map((tick) => tick.value))
  const end = find("#older")?.hidden === false ? Math.min(...ticks().map(orderOf)) : -Infinity
  for (const [id, order] of selected) if (!there.has(id) && order >= end) selected.delete(id)
  showSelection()
}

// Where the focus was in the list, in case that its row goes; from the bar it goes to where the first one stood.
let stoodFirst = -1

document.addEventListener("htmx:before:swap", () => {
  const active = document.activeElement
  const tick = active?.matches?.("#rows [name=id]") ? active : bar()?.contains(active) && ticks().find(isSelected)
  stoodFirst = tick ? ticks().indexOf(tick) : -1
})

document.addEventListener("htmx:finally:swap", (event) => {
  if (!head()) return
  const { sourceElement: source, target, response } = event.detail.ctx
  const isDone = response?.status < 300
  const isReleased = source?.id === "release-form" && source.action.includes("/selection/") && (target?.id ?? target) === "pane"
  if (isDone && (source?.matches?.("#selection [data-deletes]") || isReleased)) forget()
  const wasInBar = bar().contains(document.activeElement)
  const was = isSelecting() || find("#announcement").textContent.endsWith(" selected")
  followList()
  if (was && !isSelecting()) find("#announcement").textContent = ""
  const isLost = document.activeElement === document.body || (wasInBar && !isSelecting())
  if (isLost && stoodFirst >= 0) rows().at(Math.min(stoodFirst, rows().length - 1))?.focus()
})

const { query, mailbox } = head().dataset
selectedIn = [query, mailbox].join("\n")
ticked.forEach(act)
document.removeEventListener("click", noteTick)
document.addEventListener("click", act)
