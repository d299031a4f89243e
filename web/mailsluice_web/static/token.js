// The token that opens profiles and releases: taken out of the link that the program prints, kept for this origin only,
// and sent as a header with what htmx asks of our own server. Loaded before htmx, so that its first request has it.
const TOKEN = "mailsluice-token"
const HEADER = "X-Mailsluice-Token"

const storedToken = () => {
  try { return localStorage.getItem(TOKEN) ?? "" } catch { return keptToken }
}

// Where storage is switched off it holds for this page only.
let keptToken = ""

const keepToken = (token) => {
  keptToken = token
  try { localStorage.setItem(TOKEN, token) } catch { /* see above */ }
  tellUnlocked()
}

// A pane that says "locked" listens, and fetches what it was asked for.
const tellUnlocked = () => document.body?.dispatchEvent(new CustomEvent("unlocked"))

const tokenIn = (text) => text.match(/(?:^|[#&])token=([A-Za-z0-9_-]+)/)?.[1] ?? text.match(/^[A-Za-z0-9_-]{20,}$/)?.[0]

const takeFromAddress = () => {
  const token = tokenIn(location.hash)
  if (!token) return
  history.replaceState(history.state, "", location.pathname + location.search)
  keepToken(token)
}

takeFromAddress()
addEventListener("hashchange", takeFromAddress)
// Another tab was unlocked.
addEventListener("storage", (event) => event.key === TOKEN && event.newValue && tellUnlocked())

document.addEventListener("htmx:config:request", (event) => {
  const { request } = event.detail.ctx
  const token = storedToken()
  if (token && new URL(request.action, document.baseURI).origin === location.origin) request.headers[HEADER] = token
})

// The link, pasted: it stays in this page, so nothing is sent and nothing lands in the history.
document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-unlock]")) return
  event.preventDefault()
  const field = event.target.elements.link
  const token = tokenIn(field.value.trim())
  field.setAttribute("aria-invalid", String(!token))
  document.getElementById("link-error").hidden = Boolean(token)
  if (token) keepToken(token)
  else field.focus()
})
