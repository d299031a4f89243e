// One event stream for all tabs: as a shared worker this file tells them through a channel, in a page it tells the page.
// Reports: {state: "live", id} and {state: "lost"}; `id` names the newest event, so that a page can see if it missed one.
const follow = (report) => {
  const source = new EventSource("/events")
  let id = ""
  // A first connection hears the newest event at once; a later one only if something was missed.
  source.addEventListener("open", () => id && report({ state: "live", id }))
  source.addEventListener("messages", (event) => report({ state: "live", id: id = event.lastEventId }))
  source.addEventListener("error", () => {
    report({ state: "lost" })
    if (source.readyState !== EventSource.CLOSED) return
    // The browser gives up after an HTTP error, such as too many streams; a server that comes back must be found.
    setTimeout(follow, 3000, report)
  })
}

if ("SharedWorkerGlobalScope" in self) {
  const channel = new BroadcastChannel("mailsluice")
  let newest = { state: "connecting" }
  follow((report) => {
    newest = report
    channel.postMessage(report)
  })
  self.addEventListener("connect", (event) => event.ports[0].postMessage(newest))
}
