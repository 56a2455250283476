// The choice of light, dark or the device's own, in the footer of each page.
import { remember, remembered } from "./device.js";

export function offerThemes(root = document) {
  const group = root.querySelector("[data-theme-choice]");
  if (!group) return;
  show(group, remembered("theme") ?? "system");
  group.hidden = false;
  group.addEventListener("click", (event) => {
    const value = event.target.closest("[data-theme-value]")?.dataset.themeValue;
    if (value) choose(group, value);
  });
}

function choose(group, value) {
  const own = value === "light" || value === "dark";
  remember("theme", own ? value : null);
  if (own) document.documentElement.dataset.theme = value;
  else delete document.documentElement.dataset.theme;
  show(group, value);
}

function show(group, value) {
  for (const button of group.querySelectorAll("[data-theme-value]")) {
    button.setAttribute("aria-pressed", String(button.dataset.themeValue === value));
  }
}
