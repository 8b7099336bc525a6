import { showToast } from "./toast.js";

const WORDS = { success: "Verdict saved.", error: "The content changed since you looked. Reload and look again." };

document.addEventListener("click", (event) => {
  const button = event.target.closest('button[name="toast"]');
  if (button) showToast({ text: WORDS[button.value], level: button.value });
});
