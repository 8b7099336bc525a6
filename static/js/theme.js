// Preferences of this browser, in cookies that the server reads, so that a page is right before scripts run.

const YEAR_S = 365 * 24 * 3600;

export function setPreference(name, value) {
  document.cookie = `nofx_${name}=${value};path=/;max-age=${YEAR_S};samesite=lax`;
  document.documentElement.dataset[name] = value;
  document.dispatchEvent(new CustomEvent("nofx:preference", { detail: { name, value } }));
}

export function startTheme() {
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-preferences]") || !event.submitter?.name) return;
    event.preventDefault();
    const { name, value } = event.submitter;
    setPreference(name, value);
    for (const button of event.target.querySelectorAll(`button[name="${name}"]`)) {
      button.setAttribute("aria-pressed", String(button.value === value));
    }
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest('[data-preference="rail"]');
    if (!button) return;
    const isNarrow = document.documentElement.dataset.rail !== "narrow";
    setPreference("rail", isNarrow ? "narrow" : "wide");
    button.setAttribute("aria-pressed", String(isNarrow));
  });
}
