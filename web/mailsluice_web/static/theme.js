// Before the first paint: what was set for this browser, such as a theme instead of the system's. See settings.js.
const heldHere = {}

const setting = (name) => {
  try { return localStorage.getItem(name) ?? "" } catch { return heldHere[name] ?? "" }
}

const applySettings = () => {
  for (const name of ["theme", "keys"]) {
    if (setting(name)) document.documentElement.dataset[name] = setting(name)
    else delete document.documentElement.dataset[name]
  }
}

applySettings()
addEventListener("storage", applySettings)

// Where the reader's days begin and end, for searches such as on:today.
const zoneCookie = `mailsluice-zone=${Intl.DateTimeFormat().resolvedOptions().timeZone}`
if (!document.cookie.split("; ").includes(zoneCookie)) document.cookie = `${zoneCookie}; path=/; max-age=31536000; samesite=strict`
