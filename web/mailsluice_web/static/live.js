// Live: the stream reports, and what is shown is fetched again if it does not know the newest event. Loaded before app.js,
// whose functions it calls later.

// The newest report; what was asked for last, and when.
let newest = { state: "connecting" }
let asked = { id: "", at: -Infinity }

const refresh = () => document.body.dispatchEvent(new CustomEvent("messages"))

// Whoever tells it, what is live asks now.
document.body.addEventListener("messages", () => { asked.at = performance.now() })

// A lone arrival is fetched at once. While more come than can be looked at, the pauses grow.
const SHORTEST = 150
const LONGEST = 2400
let pause = SHORTEST
let planned = null

const isBehind = () => {
  const known = head()?.dataset.sequence
  const isInPane = find("#pane [hx-trigger^='messages']")
  // The list may know it already while what else is live was asked for a moment before.
  return newest.id !== known || Boolean(isInPane && newest.id !== (asked.id || known))
}

const ask = () => {
  planned = null
  // Nobody sees a hidden page: it catches up when it is shown.
  if (document.hidden || newest.state !== "live" || !isBehind()) return
  asked.id = newest.id
  refresh()
}

const plan = () => {
  if (planned || document.hidden || !isBehind()) return
  const wait = asked.at + pause - performance.now()
  pause = wait > 0 ? Math.min(2 * pause, LONGEST) : SHORTEST
  wait > 0 ? planned = setTimeout(ask, wait) : ask()
}

const tellState = (state) => {
  const live = find("#live")
  if (!live || live.dataset.state === state) return
  if (live.dataset.state === "lost" && state === "live") searchAgain()
  live.dataset.state = state
  live.textContent = { live: "Live", lost: "Reconnecting…", connecting: "Connecting…" }[state]
}

const hear = (report) => {
  if (report.arrived) return notify(report)
  newest = report
  takeTurns()
  tellState(report.state)
  if (report.state !== "live") return
  if (document.hidden) tellUnread(report.unread)
  plan()
}

// One stream for all tabs, where the browser can.
let wake = () => {}

const listenAlone = () => {
  const check = follow(hear)
  wake = () => {
    check()
    hear(newest)
  }
}

const listen = () => {
  if (!("SharedWorker" in window)) return listenAlone()
  new BroadcastChannel("mailsluice").addEventListener("message", (event) => hear(event.data))
  const worker = new SharedWorker("/static/stream.js", "mailsluice")
  worker.addEventListener("error", listenAlone)
  worker.port.addEventListener("message", (event) => hear(event.data))
  worker.port.start()
  wake = () => worker.port.postMessage("wake")
}

// Whatever a page slept through, it asks when it is there again.
document.addEventListener("visibilitychange", () => document.hidden || wake())
document.addEventListener("resume", () => wake())
addEventListener("pageshow", (event) => event.persisted && wake())
addEventListener("online", () => wake())
