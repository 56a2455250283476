// What this device remembers. Never anything about the work; losing it costs a click.

export function remembered(name) {
  try {
    return localStorage.getItem(`touchstone.${name}`);
  } catch {
    return null;
  }
}

export function remember(name, value) {
  try {
    if (value === null) localStorage.removeItem(`touchstone.${name}`);
    else localStorage.setItem(`touchstone.${name}`, value);
  } catch {
    // A closed storage only means that the choice lasts for this page.
  }
}
