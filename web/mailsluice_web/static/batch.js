// Releases that were asked for together: their end is announced, once, wherever the focus is.
let unfinished = ""

const tellBatch = () => {
  const batch = find("[data-batch]")
  if (!batch) return
  if (!("done" in batch.dataset)) unfinished = batch.dataset.batch
  else if (unfinished === batch.dataset.batch) {
    unfinished = ""
    find("#announcement").textContent = find("#batch-text").textContent
  }
}

document.addEventListener("htmx:finally:swap", tellBatch)
tellBatch()
