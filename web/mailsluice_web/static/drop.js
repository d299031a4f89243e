// Files that are dragged over the page lie on a cover over all of it, frames too, and are imported where they are dropped.

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

document.addEventListener("drop", async (event) => {
  if (!bringsFiles(event) || isForField(event)) return
  event.preventDefault()
  showDrop(false)
  if (find("dialog:modal")) return
  // They can be taken only now.
  const items = [...event.dataTransfer.items].filter((one) => one.kind === "file")
  const given = items.map((item) => ({ file: item.getAsFile(), entry: item.webkitGetAsEntry?.() }))
  try {
    (await late("imports")).importFiles(given)
  } catch {
    say("Mailsluice does not answer. Nothing was imported.")
  }
})
