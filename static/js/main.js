import { mountActivity } from "./activity.js";
import { mountCharts } from "./chart.js";
import { mountDepth } from "./depth.js";
import { startDialogs } from "./dialog.js";
import { mountEditor, startEditor } from "./editor.js";
import { startFollow } from "./follow.js";
import { startKeyboard } from "./keyboard.js";
import { startLive } from "./live.js";
import { mountPage } from "./page.js";
import { mountReview } from "./review.js";
import { startSession } from "./session.js";
import { mountTabs } from "./tabs.js";
import { startTheme } from "./theme.js";
import { startToasts } from "./toast.js";

startTheme();
startToasts();
startDialogs();
startKeyboard();
startLive();
startFollow();
startSession();
startEditor();

function mount(root) {
  mountPage(root);
  mountTabs(root);
  mountCharts(root);
  mountDepth(root);
  mountActivity(root);
  mountReview(root);
  mountEditor(root);
}

mount(document);
document.addEventListener("htmx:load", (event) => mount(event.detail.elt));
