// Shows how much of a file has left: <form data-upload> with a <progress data-upload-progress hidden> in it.
// Without this module the form is sent as any other.

export function showUploads(root = document) {
  root.addEventListener("submit", (event) => {
    const form = event.target;
    const bar = form.matches("[data-upload]") && form.querySelector("[data-upload-progress]");
    if (!bar || event.defaultPrevented) return;
    event.preventDefault();
    send(form, bar, event.submitter);
  });
}

function send(form, bar, submitter) {
  const content = new FormData(form, submitter);
  const request = new XMLHttpRequest();
  request.open("POST", form.action);
  request.upload.addEventListener("progress", (event) => {
    if (event.lengthComputable) bar.value = event.loaded / event.total;
  });
  request.addEventListener("load", () => leave(request));
  request.addEventListener("error", () => form.submit());
  bar.max = 1;
  bar.hidden = false;
  if (submitter) submitter.disabled = true;
  request.send(content);
}

// After a redirect we go where it led; an answer with errors replaces the page.
function leave(request) {
  if (request.status < 400 && request.responseURL !== location.href) {
    location.assign(request.responseURL);
    return;
  }
  const page = new DOMParser().parseFromString(request.responseText, "text/html");
  document.title = page.title;
  document.body.replaceWith(page.body);
  document.querySelector("[data-error-summary]")?.focus();
}
