// Saving: the token, and what to do when someone else saved first.
import { get, lotPath, send } from "../modules/api.js";
import { h } from "../modules/dom.js";
import { count } from "../modules/words.js";

const TOKEN = "parkledger-token"; // kept for this tab only

/** Ask for what saving needs and save `editor`'s drawing. */
export function saveDialog(editor) {
  const token = h("input", { type: "password", id: "token", value: sessionStorage.getItem(TOKEN) ?? "",
    autocomplete: "off" });
  const fault = h("p", { className: "notice bad", role: "alert", hidden: true });
  const dialog = h("dialog", { "aria-labelledby": "save-title" });
  const go = h("button", { type: "submit", className: "main", text: "Save" });
  const form = h("form", {
      className: "stack",
      onsubmit: (event) => {
        event.preventDefault();
        sessionStorage.setItem(TOKEN, token.value);
        go.disabled = true;
        save(editor, token.value).then(() => dialog.close(), (error) => {
          go.disabled = false;
          if (error.status === 412 || error.status === 409) {
            dialog.close();
            conflictDialog(editor);
          } else {
            fault.hidden = false;
            fault.textContent = error.message;
          }
        });
      }
    },
    h("h2", { id: "save-title",
      text: `Save ${count(editor.drawing.regions.length, "region")} as a new layout version?` }),
    h("p", { className: "small quiet", style: "margin:0",
      text: "Cameras and processors take it up at once. Spots whose region moved are unknown until they are seen again." }),
    h("div", { className: "field" }, h("label", { htmlFor: "token", text: "Token that allows writing" }),
      token), fault,
    h("div", { className: "row" }, go, h("button", { type: "button", text: "Cancel", onclick: () => dialog
        .close() })));
  open(dialog, form);
}

async function save(editor, token) {
  const layout = editor.drawing.toLayout();
  const answer = await send("PUT", lotPath(editor.lot.id, "/layout"), layout, { token,
    headers: { "if-match": `"v${editor.version}"` } });
  editor.saved(layout, answer.version);
}

async function conflictDialog(editor) {
  const answer = await get(lotPath(editor.lot.id, "/layout"), { fresh: true });
  const { version } = answer;
  const layout = { zones: [], cameras: [], ...answer.layout };
  const dialog = h("dialog", { "aria-labelledby": "conflict-title" });
  const keep = () => {
    editor.rebase(layout, version);
    editor.say(`Your regions lie on top of version ${version} now. Look at them, then save.`);
    dialog.close();
  };
  const drop = () => {
    editor.saved(layout, version);
    editor.say(`Version ${version} is shown; your changes are dropped.`);
    dialog.close();
  };
  open(dialog, h("div", { className: "stack" },
    h("h2", { id: "conflict-title", text: "Someone else saved first" }),
    h("p", { style: "margin:0",
      text: `You drew on version ${editor.version}; the ledger holds version ${version} now. Nothing of yours is saved yet.` }),
    h("div", { className: "row" },
      h("button", { type: "button", className: "main", text: "Keep my regions of this camera",
        onclick: keep }),
      h("button", { type: "button", text: `Take version ${version}`, onclick: drop }),
      h("button", { type: "button", text: "Go back", onclick: () => dialog.close() }))));
}

function open(dialog, content) {
  dialog.append(content);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
