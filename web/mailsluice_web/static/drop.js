// Files that are dropped on the page join the inbox: a form takes them, some at a time, and a corner of the page tells.
const FILES_AT_ONCE = 50
const SHOWN_FOR = 8000

const dropped = { queue: [], files: 0, done: 0, messages: 0, refused: 0, batch: [] }
let ending = null

// What is dragged from the page itself, such as an image, is no file to import.
let isOwnDrag = false
document.addEventListener("dragstart", () => { isOwnDrag = true })
document.addEventListener("dragend", () => { isOwnDrag = false })

const bringsFiles = (event) => !isOwnDrag && find("#drop") && event.dataTransfer?.types.includes("Files")
const isForField = (event) => event.target.matches?.("input[type=file]")

const showDrop = (isOver) => { find("#drop").hidden = !isOver }

for (const kind of ["dragenter", "dragover"]) {
  document.addEventListener(kind, (event) => {
    if (!bringsFiles(event) || isForField(event)) return
    event.preventDefault()
    const isFree = !find("dialog:modal")
    event.dataTransfer.dropEffect = isFree ? "copy" : "none"
    showDrop(isFree)
  })
}

document.addEventListener("dragleave", (event) => bringsFiles(event) && !event.relatedTarget && showDrop(false))

document.addEventListener("drop", (event) => {
  if (!bringsFiles(event) || isForField(event)) return
  event.preventDefault()
  showDrop(false)
  if (!find("dialog:modal")) importFiles([...event.dataTransfer.items].filter((one) => one.kind === "file"))
})

const refuse = (name, reason) => {
  const line = document.createElement("li")
  const title = document.createElement("b")
  title.textContent = name
  line.append(title, ` ${reason}`)
  find("#dropped").append(line)
  dropped.refused += 1
}

const importFiles = (items) => {
  const most = Number(find("#drop-form").dataset.most)
  if (!isImporting()) clearImports()
  for (const item of items) {
    const file = item.getAsFile()
    if (!file) continue
    dropped.files += 1
    if (item.webkitGetAsEntry?.()?.isDirectory) refuse(file.name, "This is a folder: mailsluice import takes it.")
    else if (file.size > most) refuse(file.name, `It is larger than ${most >> 20} MB: mailsluice import takes it.`)
    else dropped.queue.push(file)
  }
  find("#imports").hidden = false
  if (!dropped.batch.length) importNext()
}

const isImporting = () => dropped.batch.length + dropped.queue.length > 0

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
    if (!done) find("#imports-said").textContent = `Importing ${counted(files, "file")}…`
    return
  }
  const imported = messages ? `${counted(messages, "message")} imported` : "Nothing was imported"
  find("#imports-said").textContent = refused && messages ? `${imported}, ${counted(refused, "file")} refused` : imported
  if (!refused) ending = setTimeout(clearImports, SHOWN_FOR)
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
    else dropped.refused += 1
    delete line.dataset.messages
  }
  dropped.done += dropped.batch.length
  importNext()
})

find("#imports-close")?.addEventListener("click", clearImports)
