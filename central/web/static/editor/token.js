// The token that allows writing, asked for once a tab.
import { h } from "../modules/dom.js";

const KEY = "parkledger-token";

export function storedToken() {
  return sessionStorage.getItem(KEY) ?? "";
}

/** A labelled field for the token; `keep()` stores what it holds. */
export function tokenField(words) {
  const input = h("input", { type: "password", id: "token", value: storedToken(), autocomplete: "off" });
  const element = h("div", { className: "field" }, h("label", { htmlFor: "token", text: words }), input);
  return { element, keep: () => sessionStorage.setItem(KEY, input.value.trim()) };
}

/** Show a modal dialog that is removed when it closes. */
export function openDialog(dialog, content) {
  dialog.append(content);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

/** Do what needs the token; where it is refused, ask for another and try again.
 *
 * Resolves to what `work(token)` gives, or to null if the person gives up.
 */
export async function withToken(work) {
  try {
    return await work(storedToken());
  } catch (error) {
    if (error.status !== 401) throw error;
  }
  return (await askForToken()) ? withToken(work) : null;
}

function askForToken() {
  return new Promise((done) => {
    const field = tokenField("Token that allows writing");
    const dialog = h("dialog", { "aria-labelledby": "token-title" });
    let given = false;
    const form = h("form", {
      className: "stack",
      onsubmit: (event) => {
        event.preventDefault();
        field.keep();
        given = true;
        dialog.close();
      },
    },
    h("h2", { id: "token-title", text: "This needs the service's token" }),
    field.element,
    h("div", { className: "row" },
      h("button", { type: "submit", className: "main", text: "Go on" }),
      h("button", { type: "button", text: "Cancel", onclick: () => dialog.close() })));
    dialog.addEventListener("close", () => done(given));
    openDialog(dialog, form);
  });
}
