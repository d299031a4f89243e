// Times and large numbers as the reader writes them: in the browser's language and time zone. The words around them stay
// English, as the page is. Loaded before app.js, which says when the page has changed.

const exactly = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" })
const ofThisYear = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" })
const ofAnotherYear = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" })
const language = exactly.resolvedOptions().locale

// The distance is told as by `ago` in filters.py, so that a refreshed list and an old one say the same.
const relative = (time, now) => {
  const seconds = Math.floor((now - time) / 1000)
  if (seconds < 60) return "now"
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h`
  if (seconds < 2 * 86400) return "yesterday"
  if (seconds < 7 * 86400) return `${Math.floor(seconds / 86400)} days`
  return (time.getFullYear() === now.getFullYear() ? ofThisYear : ofAnotherYear).format(time)
}

const tellTime = (element, now) => {
  const time = new Date(element.dateTime)
  const exact = exactly.format(time)
  const isMoment = element.matches(".moment")
  const told = isMoment ? exact : relative(time, now)
  if (element.textContent !== told) element.textContent = told
  if (!isMoment && element.title !== exact) element.title = exact
  if (isMoment || now - time >= 7 * 86400000) element.lang = language
}

// Where only our own words stand, and what is a number in them: 4,990 or 1.4 KB
const COUNTED = "#found, .size, .files, .count, .menu-item strong, .toast p, .batch-progress b, .sheet-foot .address, .finding p, .hint, .line p"
const NUMBER = /\d{1,3}(?:,\d{3})+|\d+\.\d(?= [KMG]B)/g

const whole = new Intl.NumberFormat()
const withTenths = new Intl.NumberFormat(undefined, { minimumFractionDigits: 1 })
const isAsServed = whole.format(12345678) === "12,345,678" && withTenths.format(1.4) === "1.4"

const localized = (text) => text.replace(NUMBER, (found) => (
  found.includes(".") ? withTenths.format(found) : whole.format(found.replaceAll(",", ""))
))

// What was written here is not read as English again.
const written = new WeakMap()

const tellNumbers = () => {
  if (isAsServed) return
  for (const element of document.querySelectorAll(COUNTED)) {
    for (const text of element.childNodes) {
      if (text.nodeType !== Node.TEXT_NODE || written.get(text) === text.data) continue
      const told = localized(text.data)
      if (told !== text.data) text.data = told
      written.set(text, told)
    }
  }
}

const tellTimes = () => {
  const now = new Date()
  for (const element of document.querySelectorAll("time")) tellTime(element, now)
  tellNumbers()
}

setInterval(tellTimes, 30000)
