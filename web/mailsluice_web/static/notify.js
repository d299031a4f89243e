// What a tab says that nobody looks at: its title and its icon what is unread, a notification, if wanted, what came.

const tellUnread = (unread) => {
  if (unread === undefined) return
  const title = document.title.replace(/^\(\d+\) /, "")
  const told = (unread > 0 ? `(${unread}) ` : "") + title
  if (document.title !== told) document.title = told
  const icon = find("link[rel=icon]")
  const path = unread > 0 ? "/static/favicon-unread.svg" : "/static/favicon.svg"
  if (icon.getAttribute("href") !== path) icon.setAttribute("href", path)
}

// New mail is announced as a count.
let accepted = null

const count = () => {
  const { unread, accepted: now } = head()?.dataset ?? {}
  if (unread === undefined) return
  tellUnread(Number(document.hidden ? newest.unread ?? unread : unread))
  const arrived = now - (accepted ?? now)
  accepted = Number(now)
  if (arrived > 0) find("#announcement").textContent = arrived === 1 ? "1 new message" : `${arrived} new messages`
}

// Notifications: from one tab of all, which holds a lock, and only while no tab is looked at. However a tab goes away, its
// locks go to the others.

const isWanted = () => setting("notify") === "on" && self.Notification?.permission === "granted"

// A lock that is asked for, held, and let go of.
const holding = (name, mode) => {
  const state = { isHeld: false, leave: null }
  state.want = (isWanted) => {
    if (isWanted === Boolean(state.leave) || !navigator.locks) return
    if (isWanted) {
      const end = new Promise((resolve) => { state.leave = resolve })
      navigator.locks.request(name, { mode }, async () => {
        state.isHeld = true
        await end
        state.isHeld = false
      })
    } else {
      state.leave()
      state.leave = null
    }
  }
  return state
}

const WATCHED = "mailsluice-watched"
const notifying = holding("mailsluice-notifying", "exclusive")
const watching = holding(WATCHED, "shared")

const takeTurns = () => {
  notifying.want(isWanted())
  watching.want(isWanted() && !document.hidden && document.hasFocus())
}

const isWatched = async () => (await navigator.locks.query()).held.some((lock) => lock.name === WATCHED)

// A later one of the same burst takes the place of the former, silently.
const notify = async ({ arrived, newest: message }) => {
  takeTurns()
  if (!notifying.isHeld || !message || await isWatched()) return
  const about = `${message.sender}: ${message.subject || "(no subject)"}`
  const [title, body] = arrived === 1 ? [message.sender, message.subject || "(no subject)"] : [`${arrived} new messages`, about]
  const notification = new Notification(title, { body, tag: "mailsluice" })
  notification.addEventListener("click", () => {
    notification.close()
    focus()
    if (arrived === 1) openFromElsewhere(`/messages/${message.id}`)
  })
}

const openFromElsewhere = (path) => {
  const row = rows().find((one) => one.pathname === path)
  row ? row.click() : location.assign(path)
}

for (const change of ["focus", "blur", "storage", "pageshow"]) addEventListener(change, takeTurns)
document.addEventListener("visibilitychange", takeTurns)
