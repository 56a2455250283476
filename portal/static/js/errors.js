// Moves the focus to the error summary, on a new page and after a swap of part of one.

export function focusErrors(root = document) {
  root.querySelector("[data-error-summary]")?.focus();
}

// A link of the summary leads into its field, not only to it.
export function followErrors(root = document) {
  root.addEventListener("click", (event) => {
    const link = event.target.closest?.("[data-error-summary] a[href^='#']");
    const field = link && document.getElementById(link.hash.slice(1));
    if (!field) return;
    event.preventDefault();
    (field.closest(".field") ?? field).scrollIntoView({ block: "start" });
    field.focus({ preventScroll: true });
  });
}
