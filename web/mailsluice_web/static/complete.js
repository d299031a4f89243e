// The search box says what it can be asked: operators and values to choose from, by arrows, Enter and Tab, or the mouse.
// The server knows them; what is typed is never changed unless something was chosen.
const offers = () => [...document.querySelectorAll("#offers [role=option]")]
const activeOffer = () => find("#offers [aria-selected=true]")
const areOffered = () => find("#q")?.ariaExpanded === "true"

// Whether they are about what stands in the box now.
const areFresh = () => {
  const { query, caret } = find("#offers")?.dataset ?? {}
  return query === find("#q").value && Number(caret) === find("#q").selectionEnd
}

// An answer that comes late is not shown.
let isAsking = false

const askOffers = () => {
  const box = find("#q")
  isAsking = true
  if (box.selectionStart !== box.selectionEnd && box.value) return hideOffers()
  find("#caret").value = box.selectionEnd
  find("#complete").dispatchEvent(new CustomEvent("complete"))
}

const activate = (offer) => {
  activeOffer()?.setAttribute("aria-selected", "false")
  offer?.setAttribute("aria-selected", "true")
  offer?.scrollIntoView({ block: "nearest" })
  offer ? find("#q").setAttribute("aria-activedescendant", offer.id) : find("#q").removeAttribute("aria-activedescendant")
}

const showOffers = () => {
  if (!isAsking || document.activeElement !== find("#q")) return hideOffers()
  activate(null)
  if (!areFresh()) return // the answer to what was typed since is on its way
  if (!offers().length) return hideOffers()
  find("#completions").hidden = false
  find("#q").ariaExpanded = "true"
  find("#q").setAttribute("aria-controls", "offers")
}

const hideOffers = () => {
  const box = find("#q")
  isAsking = false
  activate(null)
  find("#completions").hidden = true
  box.ariaExpanded = "false"
  box.removeAttribute("aria-controls")
}

const takeOffer = (offer) => {
  const box = find("#q")
  box.value = offer.dataset.query
  box.setSelectionRange(offer.dataset.caret, offer.dataset.caret)
  box.scrollLeft = box.scrollWidth
  hideOffers()
  box.dispatchEvent(new InputEvent("input", { bubbles: true }))
}

// Down and up go through the offers, and through none of them, back to what was typed.
const moveOffer = (by) => {
  const all = [null, ...offers()]
  activate(all.at((all.indexOf(activeOffer()) + by) % all.length))
}

// Each says whether the key has done its work; otherwise it does what it does without offers.
const offerKeys = {
  ArrowDown: () => (areOffered() ? moveOffer(1) : askOffers(), true),
  ArrowUp: () => areOffered() && (moveOffer(-1), true),
  Enter: () => takeActive() || hideOffers(),
  Tab: (event) => (!event.shiftKey && takeActive(find("#offers [data-next]"))) || hideOffers(),
  Escape: () => areOffered() && (hideOffers(), true),
}

const takeActive = (otherwise) => {
  const offer = areOffered() && areFresh() && (activeOffer() ?? otherwise)
  if (offer) takeOffer(offer)
  return Boolean(offer)
}

// Before all others, for whom Esc leaves the box.
document.addEventListener("keydown", (event) => {
  if (event.target.id !== "q" || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return
  if (!offerKeys[event.key]?.(event)) return
  event.preventDefault()
  event.stopPropagation()
}, true)

document.addEventListener("keyup", (event) => {
  if (event.target.id === "q" && areOffered() && ["ArrowLeft", "ArrowRight", "Home", "End"].includes(event.key)) askOffers()
})

document.addEventListener("input", (event) => {
  if (event.target.id === "q" && !event.isComposing) askOffers()
})
document.addEventListener("compositionend", (event) => event.target.id === "q" && askOffers())

// An empty box tells what it can be asked.
const tellGuide = (event) => {
  if (event.target.id === "q" && !event.target.value && !areOffered()) askOffers()
}
document.addEventListener("focusin", tellGuide)
document.addEventListener("click", tellGuide)
document.addEventListener("focusout", (event) => event.target.id === "q" && hideOffers())

// The box keeps the focus.
document.addEventListener("mousedown", (event) => event.target.closest("#completions") && event.preventDefault())
document.addEventListener("click", (event) => {
  const offer = event.target.closest("#offers [role=option]")
  if (offer) takeOffer(offer)
})

document.addEventListener("htmx:finally:swap", (event) => event.detail.ctx.sourceElement?.id === "complete" && showOffers())

// A term that is still to be completed is not searched for, unless that is asked for.
document.addEventListener("htmx:config:request", (event) => {
  const { sourceElement, sourceEvent } = event.detail.ctx
  if (sourceElement?.id !== "search" || sourceEvent?.type === "submit") return
  const isHalf = /(^|[\s(!-])[a-z-]+:$/i.test(find("#q").value)
  if (isHalf || (areOffered() && areFresh() && "half" in find("#offers").dataset)) event.preventDefault()
})

// What was typed before this came
if (!find("#q").value || find("#q").value !== head()?.dataset.query) askOffers()
