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
  if (deletion.place >= 0) rows().at(Math.min(deletion.place, rows().length - 1))?.focus()
  deletion = null
}

document.addEventListener("htmx:before:request", (event) => {
  if (!event.detail.ctx.sourceElement?.closest?.("form[data-deletes]")) return
  deletion = { path: chosen, place: rows().findIndex((row) => row.pathname === chosen), isDone: false }
})

// A message that was deleted elsewhere takes the focus with it, when it had it: then the pane says what happened, else
// the next row is at hand. j and k go on from where it stood.
let stood = -1
let lost = null

document.addEventListener("htmx:before:swap", () => {
  const active = document.activeElement
  const place = rows().findIndex((row) => row.ariaCurrent === "true")
  if (place >= 0) stood = place
  lost = { place: rows().indexOf(active), fromPane: Boolean(active?.closest?.("#pane")) }
})

const keepFocus = () => {
  const was = lost
  lost = null
  if (!was || deletion || document.activeElement !== document.body) return
  const row = was.place >= 0 && rows().at(Math.min(was.place, rows().length - 1))
  const isGone = find("#pane [data-gone]")
  if (isGone ? was.fromPane || was.place >= 0 : was.place >= 0 && !row) find("#pane").focus()
  else if (row) row.focus()
}

// What came back has the focus again, and a single message is open again.
let restored = null

const bringBack = () => {
  const line = find("#undo [data-restored]")
  if (line) {
    restored = line.dataset.restored.split(" ").map((id) => `/messages/${id}`)
    delete line.dataset.restored
    if (isInbox()) line.querySelector("[data-opens]")?.click()
  }
  const row = restored && rows().find((one) => restored.includes(one.pathname))
  if (!row) return
  restored = null
  if (!find("dialog:modal") && !document.activeElement.matches("input, textarea, select")) (row.checkVisibility() ? row : find("#pane")).focus()
}

// Who has gone on meanwhile keeps the focus.
for (const kind of ["pointerdown", "keydown"]) document.addEventListener(kind, () => { restored = null }, true)
