// The dialog of a release while somebody types in it, and where the focus goes when an answer changes the buttons.
// Loaded by app.js where one can be opened.

const CONTROLS = ":is(a, button, input, select, textarea, summary, [tabindex])"
const releaseForm = () => find("#release-form")
const formOf = (source) => source?.closest?.("#release-form")

// What is typed is not checked any more, and soon is anew

let typing = null

const stopTyping = () => {
  clearTimeout(typing)
  typing = null
}

document.addEventListener("input", (event) => {
  if (event.target.id !== "to" || !formOf(event.target)) return
  find("#checking").hidden = false
  clearTimeout(typing)
  typing = setTimeout(() => {
    typing = null
    find("#wishes")?.dispatchEvent(new CustomEvent("typed"))
  }, 300)
})

// The field was left, so htmx asks by itself.
document.addEventListener("change", (event) => formOf(event.target) && stopTyping())

// A release that is under way is not overtaken by another look at it

document.addEventListener("htmx:config:request", (event) => {
  const { sourceElement: source } = event.detail.ctx
  const form = formOf(source)
  if (form && form !== source && "releasing" in form.dataset) event.preventDefault()
})

document.addEventListener("htmx:before:request", (event) => {
  const { ctx } = event.detail
  const source = ctx.sourceElement
  if (source?.id === "release-form") {
    stopTyping()
    source.dataset.releasing = ""
    ctx.isRelease = true
  }
  if (source?.closest?.("form[data-changes]")) ctx.changed = source.closest("[data-release]").id
})

document.addEventListener("htmx:finally:request", (event) => {
  if (event.detail.ctx.isRelease) delete releaseForm()?.dataset.releasing
})

document.addEventListener("htmx:error", (event) => {
  const { ctx } = event.detail
  const line = formOf(ctx?.sourceElement)?.querySelector("#unanswered")
  if (!line) return
  line.hidden = false
  if (ctx.isRelease) {
    line.textContent = "Mailsluice does not answer. As far as is known nothing was sent; look under Releases when it runs again."
    line.focus()
    return
  }
  line.textContent = "Mailsluice does not answer. Nothing was sent."
  find("#checking").hidden = false
  find("#checking p").textContent = "Not checked."
})

// The focus

// The controls of the dialog from the focused one on, and the release that has the focus, before its part comes anew.
let rest = []
let held = ""

document.addEventListener("htmx:before:swap", (event) => {
  const active = document.activeElement
  const controls = [...(formOf(active)?.querySelectorAll(CONTROLS) ?? [])]
  rest = active?.id ? controls.slice(controls.indexOf(active)).map((one) => one.id).filter(Boolean) : []
  held = active?.closest?.("[data-release]")?.id ?? ""
  keepReasons(event.detail.tasks ?? [])
})

// Why something could not be done stays until something else is done, whatever else comes anew.
const keepReasons = (tasks) => {
  for (const line of tasks.flatMap(({ fragment }) => [...(fragment?.querySelectorAll?.("[data-kept]") ?? [])])) {
    const former = document.getElementById(line.id)
    if (former) line.textContent = former.textContent
  }
}

// To the same control, else to the next one that is left. The button that sends has it only while nothing is in the way.
const restoreFocus = (form) => {
  const first = form.querySelector("[data-first]")
  const active = document.activeElement
  if (active?.matches?.("#findings, #release-button") && form.contains(active)) first?.focus()
  if (form.contains(document.activeElement)) return
  const next = rest.map((id) => document.getElementById(id)).find((one) => one && !one.disabled && one.id !== "release-button")
  ;(next ?? first)?.focus()
}

const focusOutcome = (place) => place?.querySelector("[data-outcome]")?.focus()

document.addEventListener("htmx:finally:swap", (event) => {
  const { ctx } = event.detail
  const place = typeof ctx.target === "string" ? find(ctx.target) : ctx.target
  const form = releaseForm()
  if (form && place?.id === "release") {
    if (typing) find("#checking").hidden = false
    restoreFocus(form)
  } else if (ctx.changed) focusOutcome(document.getElementById(ctx.changed))
  else if (ctx.isRelease && place?.id === "pane") focusOutcome(place)
  else if (held && document.activeElement === document.body) focusOutcome(document.getElementById(held))
})
