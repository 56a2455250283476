// Keyboard shortcuts: an element with data-key="2" is pressed by that key, "Ctrl+Enter" by both together.
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
    if (!target) return;
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
