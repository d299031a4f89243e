// Before the first paint: the theme that was chosen here, if any, instead of the system's.
try {
  const chosen = localStorage.getItem("theme")
  if (chosen) document.documentElement.dataset.theme = chosen
} catch { /* storage is switched off: the system's theme it is */ }
