// One event stream for all tabs: as a shared worker this file tells them through a channel, in a page it tells the page.
// Reports: {state: "live", id, unread}, {state: "lost"} and {arrived, newest}; `id` names the newest event, so that a page
// can see if it missed one, `arrived` counts the messages that came together.
const SILENCE = 40000 // the server says something every 15 seconds

// Arrivals are told together: soon after the first, then now and then while they go on. A worker's timers keep their time
// while all pages are hidden.
const gathering = (tell) => {
  let arrived = 0
  let told = 0
  let timer = null
  const next = () => {
    timer = null
    if (arrived === told) arrived = told = 0
    else {
      tell(told = arrived)
      timer = setTimeout(next, 10000)
    }
  }
  return (more) => {
    arrived += more
    timer ??= setTimeout(next, 600)
  }
}

const follow = (report) => {
  let source = null
  let heard = 0
  let known = null
  let accepted = null
  let newest = null
  let retrying = null
  const gather = gathering((arrived) => report({ arrived, newest }))

  const hearNews = (text) => {
    if (!text) return {}
    const news = JSON.parse(text)
    newest = news.newest
    if (news.accepted > (accepted ?? news.accepted)) gather(news.accepted - accepted)
    accepted = news.accepted
    return { unread: news.unread }
  }

  const connect = () => {
    clearTimeout(retrying)
    source?.close()
    const own = source = new EventSource("/events")
    heard = Date.now()
    // A first connection hears the newest event at once; a later one only if something was missed.
    own.addEventListener("open", () => {
      heard = Date.now()
      if (known) report(known)
    })
    own.addEventListener("messages", ({ lastEventId: id, data }) => {
      heard = Date.now()
      report(known = { ...known, state: "live", id, ...hearNews(data) })
    })
    own.addEventListener("alive", () => { heard = Date.now() })
    own.addEventListener("error", () => {
      report({ state: "lost" })
      // The browser gives up after an HTTP error, such as too many streams; a server that comes back must be found.
      if (own.readyState === EventSource.CLOSED) retrying = setTimeout(connect, 3000)
    })
  }

  // After sleep a connection may be dead without anybody having been told.
  const check = (silence) => Date.now() - heard > silence && connect()

  connect()
  setInterval(check, SILENCE / 2, SILENCE)
  return () => check(SILENCE / 2)
}

if ("SharedWorkerGlobalScope" in self) {
  const channel = new BroadcastChannel("mailsluice")
  let newest = { state: "connecting" }
  const wake = follow((report) => {
    if (report.state) newest = report
    channel.postMessage(report)
  })
  self.addEventListener("connect", ({ ports: [port] }) => {
    port.postMessage(newest)
    // A page that was asleep or hidden asks for what it may have missed.
    port.addEventListener("message", () => {
      wake()
      port.postMessage(newest)
    })
    port.start()
  })
}
