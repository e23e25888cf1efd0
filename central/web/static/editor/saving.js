// Saving: what it asks for, and what to do when someone else saved first.
import { get, lotPath, send } from "../modules/api.js";
import { h } from "../modules/dom.js";
import { count } from "../modules/words.js";
import { openDialog, storedToken, tokenField } from "./token.js";

const CONSEQUENCE =
  "Cameras and processors take it up at once. Spots whose region moved are unknown until they are seen again.";

/** Ask for what saving needs and save `editor`'s drawing. */
export function saveDialog(editor) {
  const field = tokenField("Token that allows writing");
  const fault = h("p", { className: "notice bad", role: "alert", hidden: true });
  const dialog = h("dialog", { "aria-labelledby": "save-title" });
  const go = h("button", { type: "submit", className: "main", text: "Save" });
  const cancel = h("button", { type: "button", text: "Cancel", onclick: () => dialog.close() });
  const hold = (on) => (go.disabled = cancel.disabled = on);
  // What is drawn after Save was pressed would be lost when the answer comes.
  dialog.addEventListener("cancel", (event) => go.disabled && event.preventDefault());
  const failed = (error) => {
    hold(false);
    if (error.status === 412 || error.status === 409) {
      dialog.close();
      conflictDialog(editor).catch((other) => editor.say(other.message));
    } else {
      fault.hidden = false;
      fault.textContent = error.message;
    }
  };
  const submit = (event) => {
    event.preventDefault();
    field.keep();
    hold(true);
    save(editor).then(() => dialog.close(), failed);
  };
  const title = `Save ${count(editor.drawing.regions.length, "region")} as a new layout version?`;
  openDialog(dialog, h("form", { className: "stack", onsubmit: submit },
    h("h2", { id: "save-title", text: title }),
    h("p", { className: "small quiet", style: "margin:0", text: CONSEQUENCE }),
    field.element,
    fault,
    h("div", { className: "row" }, go, cancel)));
}

async function save(editor) {
  const layout = editor.drawing.toLayout();
  const answer = await send("PUT", lotPath(editor.lot.id, "/layout"), layout, {
    token: storedToken(),
    headers: { "if-match": `"v${editor.version}"` },
  });
  editor.saved(layout, answer.version);
}

async function conflictDialog(editor) {
  const answer = await get(lotPath(editor.lot.id, "/layout"), { fresh: true });
  const { version } = answer;
  const layout = { zones: [], cameras: [], ...answer.layout };
  const dialog = h("dialog", { "aria-labelledby": "conflict-title" });
  const camera = editor.drawing.cameraId;
  const keep = () => {
    if (!layout.cameras.some((one) => one.id === camera)) {
      editor.say(`Version ${version} has no camera '${camera}' any more: your regions have no place in it.`);
      dialog.close();
      return;
    }
    editor.rebase(layout, version);
    editor.say(`Your regions lie on top of version ${version} now. Look at them, then save.`);
    dialog.close();
  };
  const drop = () => {
    editor.saved(layout, version);
    editor.say(`Version ${version} is shown; your changes are dropped.`);
    dialog.close();
  };
  const words = `You drew on version ${editor.version}; the ledger holds version ${version} now. ` +
    "Nothing of yours is saved yet.";
  openDialog(dialog, h("div", { className: "stack" },
    h("h2", { id: "conflict-title", text: "Someone else saved first" }),
    h("p", { style: "margin:0", text: words }),
    h("div", { className: "row" },
      h("button", { type: "button", className: "main", text: "Keep my regions of this camera", onclick: keep }),
      h("button", { type: "button", text: `Take version ${version}`, onclick: drop }),
      h("button", { type: "button", text: "Go back", onclick: () => dialog.close() }))));
}
