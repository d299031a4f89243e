// Before the first paint: the theme that was chosen here, if any, instead of the system's.
try {
  const chosen = localStorage.getItem("theme")
  if (chosen) document.documentElement.dataset.theme = chosen
} catch { /* storage is switched off: the system's theme it is */ }
// Where the reader's days begin and end, for searches such as on:today.
const zoneCookie = `mailsluice-zone=${Intl.DateTimeFormat().resolvedOptions().timeZone}`
if (!document.cookie.split("; ").includes(zoneCookie)) document.cookie = `${zoneCookie}; path=/; max-age=31536000; samesite=strict`
