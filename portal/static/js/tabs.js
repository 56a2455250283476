// On a phone rows of tabs scroll sideways: the current one is brought into view.

export function showCurrentTabs(root = document) {
  for (const row of root.querySelectorAll(".nav, .tabs")) {
    const current = row.querySelector("[aria-current]");
    if (!current || row.scrollWidth <= row.clientWidth) continue;
    const place = current.getBoundingClientRect();
    const frame = row.getBoundingClientRect();
    row.scrollLeft += place.left + place.width / 2 - (frame.left + frame.width / 2);
  }
}
