// Settings of this browser: kept in its storage, and followed by all its pages at once. theme.js reads them first.
const keepSetting = (name, value) => {
  heldHere[name] = value
  try { value ? localStorage.setItem(name, value) : localStorage.removeItem(name) } catch { /* it holds for this page only */ }
  applySettings()
  showSettings()
}

const preferences = () => find("#settings form")?.elements

const showSettings = () => {
  const fields = preferences()
  if (!fields) return
  fields.theme.value = setting("theme")
  fields.keys.checked = setting("keys") !== "off"
  // A permission that was taken back in the browser's own settings turns them off.
  fields.notify.checked = setting("notify") === "on" && self.Notification?.permission === "granted"
}

const REFUSED = {
  absent: "This browser shows notifications only for pages on localhost or over HTTPS.",
  denied: "The browser does not allow them. Change that in its settings for this site, then turn them on here.",
  default: "The browser was not told that it may show them.",
}

const askToNotify = async () => {
  const answer = self.Notification && isSecureContext ? await Notification.requestPermission() : "absent"
  find("#notify-refused").textContent = REFUSED[answer] ?? ""
  keepSetting("notify", answer === "granted" ? "on" : "")
}

document.addEventListener("change", (event) => {
  const { name, value, checked } = event.target
  if (!event.target.closest("#settings")) return rememberWay(event.target)
  if (name === "theme") keepSetting("theme", value)
  if (name === "keys") keepSetting("keys", checked ? "" : "off")
  if (name !== "notify") return
  find("#notify-refused").textContent = ""
  checked ? askToNotify() : keepSetting("notify", "")
})

addEventListener("storage", showSettings)

// How the empty inbox is connected to: the way that was chosen last is shown first
const rememberWay = (field) => field.name === "way" && keepSetting("way", field.value)

const recallWay = () => {
  const field = setting("way") && document.getElementById(`way-${setting("way")}`)
  if (field) field.checked = true
}

document.addEventListener("htmx:finally:swap", recallWay)
showSettings()
recallWay()
