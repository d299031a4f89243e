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

const isOpening = (source) => source?.matches?.("a.row, [data-opens], .steps-between a")

const mustWait = (act) => underWay.size > 0 && !AT_ONCE.includes(act)
  && (waiting.length > 0 || !MOVING.includes(act) || [...underWay].some((ctx) => !isOpening(ctx.opener)))

document.addEventListener("htmx:before:request", (event) => {
  const { ctx } = event.detail
  const source = ctx.sourceElement
  if (!isOpening(source) && !source?.closest?.(":is(form, button):is([data-deletes], [data-restores])")) return
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

// A key stands for a control that names it, the last one if there are several.
const controlIn = (place, key) => {
  const controls = [...document.querySelectorAll(`${place} [data-key="${CSS.escape(key)}"]`)]
  return controls.findLast((one) => one.checkVisibility()) ?? controls.at(-1)
}

// While something is selected, what is done is done to that, and to no other message.
const isForAll = () => Boolean(find("#list[data-selecting] #selection")?.checkVisibility())
const controlFor = (key) => controlIn(isForAll() ? "#selection" : "#pane", key)

const use = (control) => {
  if (control?.matches("input:not([type=checkbox])")) control.focus()
  else control?.click()
  return Boolean(control)
}

const itemAtHand = () => document.activeElement.closest(".item") ?? find("#messages .item:has(> [aria-current=true])")

const tick = (shiftKey) => {
  const box = itemAtHand()?.querySelector("input[type=checkbox]")
  if (!box) return sayNone()
  box.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, shiftKey }))
}

// No row is meant that nobody chose.
const sayNone = () => rows().length && find("#messages").checkVisibility() && say("Choose a message in the list first.")

const ABSENT = { c: "There is no code in it.", l: "There is no link to act on in it.", o: "There is no HTML in it." }

const deleteRow = (row) => {
  const form = find("#row-deletion")
  form.elements.id.value = row.pathname.split("/")[2]
  form.requestSubmit()
}

const acts = {
  next: () => step(1),
  previous: () => step(-1),
  search: () => find("#q")?.select(),
  sheet: () => find("#keys").showModal(),
  view: (key) => document.querySelectorAll(".tabs a[id]")[key - 1]?.click(),
  select: () => tick(false),
  range: () => tick(true),
  undo: (key) => use(controlIn("#undo", key) ?? controlIn("#pane", key)),
  mark: (key) => use(controlFor(key)) || sayNone(),
  back(key) {
    const row = openRow()
    use(controlIn("#pane", key))
    row?.focus()
  },
  // Done to the message that is open, or to the one that is outlined, which then opens first, if it is to stay
  deed(key) {
    if (use(controlFor(key)) || isForAll()) return
    const row = document.activeElement.closest("a.row")
    const lack = () => find("#pane article.message") && ABSENT[key] && say(ABSENT[key])
    if (find("#pane article.message") && (!row || row.ariaCurrent === "true")) return lack()
    if (!row) return sayNone()
    if (key === "#") return deleteRow(row)
    waiting.unshift({ act: "deed", at: performance.now(), run: () => use(controlFor(key)) || lack() })
    row.click()
  },
  // What a mail offers is had from the list too, as it stands there.
  quick(key) {
    const item = document.activeElement.closest(".item")
    const control = item ? item.querySelector(`[data-key="${key}"]`) : controlIn("#pane", key)
    if (control && !control.disabled) control.click()
    else if (item || find("#pane article.message")) say(ABSENT[key])
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
