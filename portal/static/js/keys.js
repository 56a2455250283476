// Keyboard shortcuts: an element with data-key="2" is pressed by that key, "Ctrl+Enter" by both together,
// "Enter" where nothing has the focus. J and K move between elements marked data-move, else between choices.
// Single keys can be turned off on this device (WCAG 2.1.4) and never act while somebody types.
import { remember, remembered } from "./device.js";

export const singleKeysOn = () => remembered("keys") !== "off";

export function turnSingleKeys(on) {
  remember("keys", on ? null : "off");
  document.documentElement.dataset.keys = on ? "on" : "off";
}

export function listenForKeys(root = document) {
  root.addEventListener("keydown", (event) => {
    const name = nameOf(event);
    if (!name || (name.length === 1 && (typing(event.target) || !singleKeysOn()))) return;
    const target = find(root, name);
    if (!target) {
      if (name === "J" || name === "K") move(root, name === "J" ? 1 : -1, event);
      return;
    }
    event.preventDefault();
    if (target.matches("input")) target.focus();
    target.click();
  });
}

// Boxes marked data-key-switch turn the single keys on and off.
export function offerKeySwitch(root = document) {
  for (const box of root.querySelectorAll("[data-key-switch]")) {
    box.checked = singleKeysOn();
    box.addEventListener("change", () => turnSingleKeys(box.checked));
  }
}

function nameOf(event) {
  if (event.altKey || event.repeat || event.isComposing) return null;
  if (event.ctrlKey || event.metaKey) return event.key === "Enter" ? "Ctrl+Enter" : null;
  if (event.key === "Enter") return event.target === document.body ? "Enter" : null;
  return event.key.length === 1 ? event.key.toUpperCase() : null;
}

function typing(element) {
  return Boolean(element.closest?.("textarea, select, [contenteditable], input:not([type=radio], [type=checkbox], [type=submit], [type=button])"));
}

function find(root, name) {
  const scope = root.querySelector("dialog[open]") ?? root;
  return [...scope.querySelectorAll("[data-key]")].find(
    (element) => element.dataset.key.toUpperCase() === name.toUpperCase() && !element.disabled && element.checkVisibility(),
  );
}

function move(root, step, event) {
  const marked = [...root.querySelectorAll("[data-move]")];
  const stops = (marked.length ? marked : [...root.querySelectorAll(".choice__input")]).filter(
    (element) => !element.disabled && element.checkVisibility(),
  );
  if (!stops.length) return;
  const here = stops.indexOf(document.activeElement);
  const next = here < 0 ? (step > 0 ? 0 : stops.length - 1) : here + step;
  event.preventDefault();
  stops[Math.min(Math.max(next, 0), stops.length - 1)].focus();
}
