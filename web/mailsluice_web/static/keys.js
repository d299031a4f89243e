// Keys. The sheet that ? shows tells which key is for which act. Loaded after app.js, whose functions they call.
const actOf = Object.fromEntries(
  [...document.querySelectorAll("#keys [data-act]")].map((one) => [one.dataset.pressed, one.dataset.act]),
)

// What is pressed while a deletion, its undoing or a message that opens is under way waits for the answer, so that it
// means what the answer shows. Moving on does not wait for a message to open.
const underWay = new Set()
const MOVING = ["next", "previous", "back"]
const AT_ONCE = ["search", "sheet"]
const PATIENCE = 2000
let waiting = []

const isOpening = (source) => source?.matches?.("a.row, [data-opens]")

const mustWait = (act) => underWay.size > 0 && !AT_ONCE.includes(act)
  && (waiting.length > 0 || !MOVING.includes(act) || [...underWay].some((ctx) => !isOpening(ctx.opener)))

document.addEventListener("htmx:before:request", (event) => {
  const { ctx } = event.detail
  const source = ctx.sourceElement
  if (!isOpening(source) && !source?.closest?.("form:is([data-deletes], [data-restores])")) return
  ctx.opener = source
  underWay.add(ctx)
})

document.addEventListener("htmx:finally:request", (event) => {
  if (!underWay.delete(event.detail.ctx)) return
  while (waiting.length > 0 && !mustWait(waiting[0].act)) {
    const { at, run } = waiting.shift()
    if (performance.now() - at < PATIENCE) run()
  }
})

// A key stands for a control that names it: first where something can be taken back, then where things are done to what
// is selected, then in the message. What is hidden there, such as the way back to a list that is in sight, does it too.
const controlOf = (key) => {
  const named = `[data-key="${CSS.escape(key)}"]`
  for (const place of ["#undo", "#selection-bar"]) {
    const seen = [...document.querySelectorAll(`${place} ${named}`)].filter((one) => one.checkVisibility())
    if (seen.length) return seen.at(-1)
  }
  return [...document.querySelectorAll(`#pane ${named}`)].at(-1)
}

const use = (control) => {
  if (control.matches("input:not([type=checkbox])")) control.focus()
  else control.click()
}

const press = (key) => {
  const control = controlOf(key)
  if (control) use(control)
  return Boolean(control)
}

const itemAtHand = () => (document.activeElement.closest(".item > a.row") ?? find("#messages a.row[aria-current=true]"))
  ?.closest(".item")

const tick = (shiftKey) => {
  const box = itemAtHand()?.querySelector("input[type=checkbox]")
  box?.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, shiftKey }))
}

const ABSENT = { c: "There is no code in it", l: "There is no link to act on in it" }

const acts = {
  next: () => step(1),
  previous: () => step(-1),
  search: () => find("#q")?.select(),
  sheet: () => find("#keys").showModal(),
  view: (key) => document.querySelectorAll(".tabs a[id]")[key - 1]?.click(),
  select: () => tick(false),
  range: () => tick(true),
  press,
  back() {
    const row = rows().find((one) => one.ariaCurrent === "true")
    press("u")
    row?.focus()
  },
  // Done to the message that is open, or to the one that is outlined, which then opens first
  deed(key) {
    const row = document.activeElement.closest("a.row")
    if (press(key) || !row) return
    waiting.unshift({ act: "deed", at: performance.now(), run: () => press(key) })
    row.click()
  },
  // What a mail offers is had from the list too, as it stands there.
  quick(key) {
    const item = document.activeElement.closest(".item")
    const control = (item ?? find("#pane"))?.querySelector(`[data-key="${key}"]`)
    if (control && !control.disabled) control.click()
    else if (item || find("#pane article.message")) find("#announcement").textContent = ABSENT[key]
  },
}

document.addEventListener("keydown", (event) => {
  if (document.documentElement.dataset.keys === "off") return
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return
  if (event.target.closest?.("input:not([type=checkbox]), textarea, select, [contenteditable]")) return
  const { key } = event
  const dialog = find("dialog:modal")
  if (dialog) {
    const control = dialog.querySelector(`[data-key="${CSS.escape(key)}"]`)
    if (control) {
      event.preventDefault()
      control.click()
    }
    return
  }
  const act = Object.hasOwn(actOf, key) && actOf[key]
  if (!act) return
  event.preventDefault()
  // A key that is held down moves on, but deletes nothing more.
  if (event.repeat && !MOVING.includes(act)) return
  const run = () => acts[act](key)
  if (mustWait(act)) return waiting.push({ act, at: performance.now(), run })
  if (!AT_ONCE.includes(act)) waiting = []
  run()
})
