// Runs before the first paint: the chosen theme, or the system's, becomes <html data-theme>.
// Swagger UI looks for the class "dark-mode" instead.
(function () {
  var system = window.matchMedia('(prefers-color-scheme: dark)');

  function chosen() {
    try {
      var theme = localStorage.getItem('tatuscan.theme');
      return theme === 'light' || theme === 'dark' ? theme : 'system';
    } catch (_) {
      return 'system'; // storage is switched off
    }
  }

  function apply(choice) {
    var dark = choice === 'dark' || (choice === 'system' && system.matches);
    document.documentElement.dataset.theme = dark ? 'dark' : 'light';
    document.documentElement.classList.toggle('dark-mode', dark);
  }

  window.tatuscanTheme = {
    get: chosen,
    set: function (choice) {
      try {
        localStorage.setItem('tatuscan.theme', choice);
      } catch (_) {
        // it then lasts as long as the page
      }
      apply(choice);
    },
  };

  apply(chosen());
  system.addEventListener('change', function () {
    apply(chosen());
  });
  window.addEventListener('storage', function () {
    apply(chosen());
  });
})();
