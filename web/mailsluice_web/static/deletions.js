// Deletions: the bar that takes them back for as long as it can, and where the focus goes when messages leave the list
// and come back to it. Loaded before app.js, whose functions it calls later.

// What has faded is gone for keys too. The server says how much time is left.

const tellEarlier = () => {
  const [newest, ...earlier] = document.querySelectorAll("#undo form")
  const messages = earlier.reduce((sum, one) => sum + Number(one.dataset.messages), 0)
  if (newest) newest.querySelector(".earlier").textContent = messages ? `, and ${messages.toLocaleString()} before` : ""
}

const letFade = () => {
  for (const toast of document.querySelectorAll("[data-fades]:not([data-fading])")) {
    toast.dataset.fading = ""
    const left = Number(toast.dataset.left ?? 4500)
    toast.style.animationDelay = `${left - 500}ms`
    setTimeout(() => {
      toast.remove()
      tellEarlier()
    }, left - 200)
  }
}

// A page that was left and is shown again as it was may offer what cannot be taken back any more.
addEventListener("pageshow", (event) => event.persisted && refresh())

// After a deletion the focus goes to the row that took the place, so that keys go on from there. Pane and list are
// fetched apart and come in either order.
let deletion = null

const goOn = () => {
  if (!deletion?.isDone || rows().some((row) => row.pathname === deletion.path)) return
  if (deletion.order) below(deletion.order)?.focus()
  deletion = null
}

const isTicked = (path) => rows().some((row) => row.pathname === path && row.closest(".item").querySelector(":checked"))

document.addEventListener("htmx:before:request", (event) => {
  const source = event.detail.ctx.sourceElement
  if (!source?.closest?.("[data-deletes]")) return
  isOwnLoss = true
  const form = source?.closest?.("form[data-deletes]")
  const isAlone = form?.matches("#row-deletion") // whose field is called id, too
  const path = isAlone ? `/messages/${form.elements.id.value}` : openPath()
  if (isAlone) wereOpen.delete(path)
  else if (form || isTicked(path)) wereOpen.add(path)
  if (!form) return
  const row = rows().find((one) => one.pathname === path)
  deletion = { path, order: row && orderOf(row), isDone: false }
})

// A row that goes takes the focus with it, when it had it: after a deletion of one's own the next row is at hand, and where
// the open message was deleted elsewhere the pane says so. Otherwise no other row has it, or the next key would be about a
// message that nobody chose. j and k go on from where it stood.
let isOwnLoss = false
let lost = null

document.addEventListener("htmx:before:swap", () => {
  const active = document.activeElement
  const focused = active?.closest?.("#rows .item")?.querySelector("a.row")
  const open = openRow()
  if (open ?? focused) stood = orderOf(open ?? focused)
  lost = { place: shownPlace(), order: focused && orderOf(focused), fromPane: Boolean(active?.closest?.("#pane")), fromTags: Boolean(active?.closest?.("#tags")) }
})

const keepFocus = () => {
  const was = lost
  lost = null
  if (!was || deletion || document.activeElement !== document.body) return
  if (find("#pane [data-gone]")) return (was.fromPane || was.order) && find("#pane").focus()
  if (was.fromTags) return find("#tags")?.focus()
  if (!was.order) return
  const isElsewhere = was.place !== shownPlace()
  const next = isOwnLoss ? below(was.order) : isElsewhere ? openRow() ?? rows()[0] : find("#messages")
  isOwnLoss = false
  rows().length ? next.focus() : find(isElsewhere ? "#q" : "#pane").focus()
}

// What came back has the focus again; a single message that was open is open again.
let restored = null
const wereOpen = new Set()

const bringBack = () => {
  const line = find("#undo [data-restored]")
  if (line) {
    restored = line.dataset.restored.split(" ").map((id) => `/messages/${id}`)
    delete line.dataset.restored
    const link = line.querySelector("[data-opens]")
    if (isInbox() && (wereOpen.has(link?.pathname) || openPath() === link?.pathname)) link.click()
  }
  const row = restored && rows().find((one) => restored.includes(one.pathname))
  if (!row) return
  restored = null
  if (!find("dialog:modal") && !document.activeElement.matches("input, textarea, select")) (row.checkVisibility() ? row : find("#pane")).focus()
}

// Who has gone on meanwhile keeps the focus.
for (const kind of ["pointerdown", "keydown"]) document.addEventListener(kind, () => {
  restored = null
  isOwnLoss = false
}, true)
