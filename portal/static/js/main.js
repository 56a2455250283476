// What each page gets. Everything here is a help: no page needs it.
import { closeMenus, openDialogs } from "./dialog.js";
import { focusErrors, followErrors } from "./errors.js";
import { listenForKeys, offerKeySwitch } from "./keys.js";
import { keepSaved } from "./saved.js";
import { showCurrentTabs } from "./tabs.js";
import { offerThemes } from "./theme.js";
import { showUploads } from "./upload.js";

offerThemes();
openDialogs();
closeMenus();
followErrors();
focusErrors();
listenForKeys();
offerKeySwitch();
keepSaved();
showUploads();
showCurrentTabs();

document.addEventListener("htmx:after:swap", () => {
  focusErrors();
  offerKeySwitch();
});
