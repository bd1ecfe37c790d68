// Runs before the first paint: the chosen theme, or the system's, becomes <html data-theme>.
// Swagger UI looks for the class "dark-mode" instead.
(() => {
  const root = document.documentElement;
  const system = matchMedia('(prefers-color-scheme: dark)');

  function apply() {
    let choice = null;
    try {
      choice = localStorage.getItem('tatuscan.theme');
    } catch {
      // storage is switched off
    }
    choice = root.dataset.choice ?? choice;
    const dark = choice === 'dark' || (choice !== 'light' && system.matches);
    root.dataset.theme = dark ? 'dark' : 'light';
    root.classList.toggle('dark-mode', dark);
  }

  apply();
  system.addEventListener('change', apply);
  addEventListener('storage', apply);
  addEventListener('tatuscan-theme', apply);
})();
