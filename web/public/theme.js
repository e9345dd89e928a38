// Light or dark, decided before the first paint. A file of its own, because the content security policy allows no
// script inside the page; loaded without defer, because a module would run too late and the page would flash.
(() => {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const kept = () => {
    try {
      return localStorage.getItem("zuva-theme");
    } catch {
      return null; // Storage may be forbidden: then the system decides.
    }
  };
  const show = () => {
    const choice = kept();
    const theme = choice === "light" || choice === "dark" ? choice : system.matches ? "dark" : "light";
    document.documentElement.dataset.theme = theme;
    document
      .querySelector("meta[name=theme-color]")
      ?.setAttribute("content", theme === "dark" ? "#14130f" : "#f6f3ec");
  };
  system.addEventListener("change", show);
  addEventListener("storage", show); // Another tab of the same page chose.
  addEventListener("zuva-theme", show);
  show();
})();
