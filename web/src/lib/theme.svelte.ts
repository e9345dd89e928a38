/** The page's colours. `public/theme.js` shows them before the first paint; here is what the button needs. */
export type Theme = "light" | "dark";

const KEY = "zuva-theme";

export function opposite(theme: Theme): Theme {
  return theme === "dark" ? "light" : "dark";
}

/** What is kept of a choice: nothing where the system says the same, so that the page follows the system again. */
export function keptOf(choice: Theme, system: Theme): Theme | null {
  return choice === system ? null : choice;
}

function shown(): Theme {
  return document.documentElement.dataset["theme"] === "dark" ? "dark" : "light";
}

function systemTheme(): Theme {
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

export class ThemeChoice {
  theme = $state<Theme>(shown());

  /** Follows what theme.js shows, whoever changed it. The answer ends that. */
  follow(): () => void {
    const watcher = new MutationObserver(() => (this.theme = shown()));
    watcher.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    return () => watcher.disconnect();
  }

  toggle(): void {
    const wanted = opposite(this.theme);
    const kept = keptOf(wanted, systemTheme());
    try {
      if (kept === null) localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, kept);
      dispatchEvent(new Event(KEY));
    } catch {
      // Nothing can be kept: the choice holds until the page is loaded again.
      document.documentElement.dataset["theme"] = wanted;
    }
  }
}
