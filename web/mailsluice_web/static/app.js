// Dialogs, copying, and telling htmx when the list changed. What is fetched, htmx fetches.
// What a first look does not need comes with its first use

const late = (name) => import(`/static/${name}.js`)

const USES = {
  batch: "[data-batch]",
  complete: "#q:focus",
  release: "article.message, [data-selecting], #release-form, [data-release]", // before its dialog opens
  settings: "[name=way]",
  source: "[data-copies], [data-prints], .part-line, #here",
}

// A server that does not answer leaves what the page can do without.
const loadUsed = () => {
  for (const [name, use] of Object.entries(USES)) if (find(use)) late(name).catch(() => {})
}

document.addEventListener("focusin", loadUsed)

// Ticks wait for the selection; keys mean it from the first one on.
const ticked = []

const noteTick = ({ target, shiftKey }) => {
  if (!target.matches("#rows [name=id], [data-all-shown]")) return
  ticked.push({ target, shiftKey, isOn: target.checked })
  find("#list").toggleAttribute("data-selecting", true)
  late("select").catch(() => {})
  loadUsed()
}

document.addEventListener("click", noteTick)

// Dialogs: a fragment in #modal opens at once, and leaves the page when it closes, so that no later swap reopens it

const openDialog = () => {
  const dialog = find("#modal dialog[data-open]")
  if (!dialog || dialog.open) return
  dialog.showModal()
  dialog.querySelector("[data-first]")?.focus()
}

document.addEventListener("close", (event) => {
  if (event.target.closest("#modal")) event.target.remove()
}, true)

// Back and Forward leave what a dialog was about.
addEventListener("popstate", () => {
  for (const dialog of document.querySelectorAll("dialog:modal")) dialog.close()
})

// What was unfolded stays so when its part of the page comes anew

let unfolded = []

document.addEventListener("htmx:before:swap", () => {
  unfolded = [...document.querySelectorAll("details[id][open]")].map((one) => one.id)
})

const unfold = () => {
  for (const id of unfolded) document.getElementById(id)?.setAttribute("open", "")
}

// Nobody answered: nothing was done, and the message that is shown is the one that is open. What is live asks again, and
// a release says so itself.
document.addEventListener("htmx:error", (event) => {
  const source = event.detail.ctx?.sourceElement
  if (!source || source.closest("#release-form") || source.matches("[hx-trigger*='messages']")) return
  choose(location.pathname)
  say("Mailsluice does not answer. Nothing was done.")
})

// htmx tells what it did

const settle = () => {
  loadUsed()
  openDialog()
  followPlace()
  correctPlace()
  letFade()
  unfold()
  mark()
  tellTimes()
  count()
  for (const button of document.querySelectorAll("[data-copy]")) button.disabled = !navigator.clipboard
}

// Where the focus goes that was in the pane, or in the list that a narrow screen hides under a message: to the pane; to the
// row that is open, or was when none is, by Back and where the list is all there is.
let isGoingBack = false
let awaited = false // that row, which comes with the list

const landing = (pane) => {
  if (pane.clientHeight > 1 && !isGoingBack) return pane
  const row = openRow() ?? (idOf(chosen) ? null : rows().find((one) => one.pathname === left))
  return [row, find("#list")].find((one) => one?.checkVisibility()) ?? pane
}

const goToAwaited = () => {
  const row = awaited && openRow()
  if (!row || find("dialog:modal") || document.activeElement.matches("input, textarea, select")) return
  awaited = false
  if (row.checkVisibility()) row.focus()
}

// Who has gone on meanwhile keeps the focus.
for (const kind of ["pointerdown", "keydown"]) document.addEventListener(kind, () => { awaited = false }, true)

document.addEventListener("htmx:finally:swap", (event) => {
  const { sourceElement: source, target } = event.detail.ctx
  // Done is what a dialog began when the answer went elsewhere; one that came back into it goes on.
  const place = typeof target === "string" ? find(target) : target
  const dialog = source?.closest?.("#modal dialog")
  if (dialog && !dialog.contains(place)) {
    dialog.close()
    delete dialog.dataset.open // or it would be opened again below
  }
  settle()
  if (source?.id === "search") arrive()
  // The button that removed a tag went with it.
  if (place?.id === "tags" && document.activeElement === document.body) find("#tags")?.focus()
  // The button that was pressed may be gone, such as “Allow”; only an answer to the dialog itself moves the focus.
  const kept = place?.closest?.("#modal dialog:modal")
  if (kept && kept.id !== "release" && !kept.querySelector(":focus")) (kept.querySelector("[autofocus]") ?? kept).focus()
  if (deletion && (place?.id === "pane" || source?.matches?.("#row-deletion"))) deletion.isDone = true
  goOn()
  bringBack()
  keepFocus()
  goToAwaited()
  if (place?.id === "pane") {
    const pane = find("#pane") // Back and Forward bring another one
    pane.scrollTop = 0
    const active = document.activeElement
    const isLost = !active?.checkVisibility?.() || active === document.body
    if (isLost || (isGoingBack && active.closest("#pane, #rows, #messages:focus, #list:focus"))) landing(pane).focus()
    isGoingBack = false
  }
})

for (const change of ["htmx:after:history:push", "htmx:after:history:replace", "htmx:before:history:restore"]) {
  document.addEventListener(change, (event) => choose(event.detail.path))
}
// Back and Forward bring the pane only. A push comes before its swap, which brings the list.
document.addEventListener("htmx:before:history:restore", () => {
  isGoingBack = true
  awaited = Boolean(idOf(chosen)) && !openRow()
  if (!correctPlace() && awaited) refresh()
})
// The browser would put the focus to the beginning of the page.
self.navigation?.addEventListener("navigate", (event) => {
  const isBrought = event.navigationType === "traverse" && event.canIntercept && !event.hashChange
  if (isBrought) event.intercept({ focusReset: "manual" })
})

// Buttons that are not htmx's

const show = async (id) => {
  if (id === "settings") await late(id).catch(() => {})
  document.getElementById(id).showModal()
}

const copy = async (button) => {
  await navigator.clipboard?.writeText(button.dataset.copy)
  find("#announcement").textContent = "Copied"
  button.classList.add("copied")
  setTimeout(() => button.classList.remove("copied"), 1500)
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-close], [data-copy], [data-shows]")
  if (!button) return
  const dialog = button.closest("dialog")
  if (button.matches("[data-close]") && dialog?.matches(":modal")) {
    event.preventDefault()
    dialog.close()
  }
  if (button.matches("[data-copy]")) copy(button)
  if (button.matches("[data-shows]")) {
    dialog?.close()
    show(button.dataset.shows)
  }
})

settle()
openRow()?.scrollIntoView({ block: "nearest" })
if (find("#live")) listen()
