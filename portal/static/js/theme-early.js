// Before the first paint: the colours this device was told to use. A classic script, so that nothing flashes.
(() => {
  try {
    const theme = localStorage.getItem("touchstone.theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
    if (localStorage.getItem("touchstone.keys") === "off") document.documentElement.dataset.keys = "off";
  } catch {
    // Storage is closed to us (private window): the device's own choice holds.
  }
})();
