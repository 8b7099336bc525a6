// Runs before the first paint: styles may now hide what only scripts make useful, and show what needs them.
document.documentElement.dataset.scripts = "on";
