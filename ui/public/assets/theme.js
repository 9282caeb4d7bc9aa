// Sets language and theme before anything is drawn, so that nothing flickers.
(() => {
  const root = document.documentElement;
  try {
    root.lang = localStorage.getItem('okapi.language') || (navigator.language.startsWith('th') ? 'th' : 'en');
    const theme = localStorage.getItem('okapi.theme');
    if (theme) root.dataset.theme = theme;
  } catch {
    // Without storage the defaults hold.
  }
})();
