// Imports of what was dropped: a form takes the files, some at a time, and a corner of the page tells.
const FILES_AT_ONCE = 50
const SHOWN_FOR = 8000
const MOST_IN_FOLDER = 10000 // .eml files
const MOST_LOOKED_AT = 20000 // files and folders in it
const DEEPEST = 20

const dropped = { queue: [], folders: 0, files: 0, done: 0, messages: 0, refused: 0, batch: [] }
let ending = null

/** Import these files, and the .eml files in these folders: `{ file, entry }` of each that was dropped. */
export const importFiles = (given) => {
  if (!isImporting()) clearImports()
  for (const { file, entry } of given) {
    if (entry?.isDirectory) importFolder(entry)
    else if (file) add(file)
  }
  find("#imports").hidden = false
  if (!dropped.batch.length) importNext()
}

const add = (file) => {
  const most = Number(find("#drop-form").dataset.most)
  dropped.files += 1
  if (file.size > most) refuse(file.name, `It is larger than ${most >> 20} MB: mailsluice import takes it.`)
  else dropped.queue.push(file)
}

const importFolder = async (folder) => {
  dropped.folders += 1
  const found = { files: [], entries: 0 }
  const problem = await gather(folder, found).then(() => (
    isFull(found) ? "There is too much in this folder: mailsluice import takes it."
      : found.files.length ? "" : "There are no .eml files in this folder."
  ), () => "This folder cannot be read.")
  dropped.folders -= 1
  if (problem) {
    dropped.files += 1
    refuse(folder.name, problem)
  } else found.files.forEach(add)
  if (!dropped.batch.length) importNext()
}

const isFull = ({ files, entries }) => files.length > MOST_IN_FOLDER || entries > MOST_LOOKED_AT

const gather = async (folder, found, depth = 0) => {
  const reader = folder.createReader()
  for (;;) {
    const entries = await new Promise((done, fail) => reader.readEntries(done, fail))
    if (!entries.length) return
    for (const entry of entries) {
      found.entries += 1
      if (isFull(found)) return
      if (entry.isDirectory && depth < DEEPEST) await gather(entry, found, depth + 1)
      else if (entry.isFile && /\.eml$/i.test(entry.name)) found.files.push(await new Promise((done, fail) => entry.file(done, fail)))
    }
  }
}

const refuse = (name, reason) => {
  const line = document.createElement("li")
  const title = document.createElement("b")
  title.textContent = name
  line.append(title, ` ${reason}`)
  find("#dropped").append(line)
  dropped.refused += 1
}

const isImporting = () => dropped.batch.length + dropped.queue.length + dropped.folders > 0

const importNext = () => {
  const form = find("#drop-form")
  const transfer = new DataTransfer()
  let size = 0
  dropped.batch = []
  while (dropped.queue.length && dropped.batch.length < FILES_AT_ONCE) {
    size += dropped.queue[0].size
    if (dropped.batch.length && size > Number(form.dataset.most)) break
    dropped.batch.push(dropped.queue.shift())
  }
  tellImports()
  if (!dropped.batch.length) return
  for (const file of dropped.batch) transfer.items.add(file)
  form.elements.file.files = transfer.files
  form.dispatchEvent(new CustomEvent("dropped"))
}

const counted = (number, one) => `${number.toLocaleString()} ${one}${number === 1 ? "" : "s"}`

const tellImports = () => {
  const { files, done, messages, refused } = dropped
  const progress = find("#imports-progress")
  progress.max = files
  progress.value = done
  progress.hidden = !isImporting()
  if (isImporting()) {
    if (!done) find("#imports-said").textContent = files ? `Importing ${counted(files, "file")}…` : "Importing…"
    return
  }
  const imported = messages ? `${counted(messages, "message")} imported` : "Nothing was imported"
  find("#imports-said").textContent = refused && messages ? `${imported}, ${counted(refused, "file")} refused` : imported
  if (!find("#dropped").children.length) ending = setTimeout(clearImports, SHOWN_FOR)
}

const clearImports = () => {
  clearTimeout(ending)
  Object.assign(dropped, { files: 0, done: 0, messages: 0, refused: 0 })
  find("#imports").hidden = true
  find("#imports-said").textContent = ""
  find("#dropped").replaceChildren()
}

document.addEventListener("htmx:finally:request", (event) => {
  if (event.detail.ctx.sourceElement?.id !== "drop-form") return
  const told = document.querySelectorAll("#dropped [data-messages]")
  if (!told.length) for (const file of dropped.batch) refuse(file.name, "Mailsluice did not answer.")
  for (const line of told) {
    dropped.messages += Number(line.dataset.messages)
    if (line.hidden) line.remove()
    if ("refused" in line.dataset) dropped.refused += 1
    delete line.dataset.messages
  }
  for (const line of [...document.querySelectorAll("#dropped .limits")].slice(0, -1)) line.remove()
  dropped.done += dropped.batch.length
  importNext()
})

find("#imports-close")?.addEventListener("click", clearImports)
