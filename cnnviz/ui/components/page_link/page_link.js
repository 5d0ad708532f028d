// Goes to another page by the app's own navigation, so that the session stays.

/** @param {ComponentArguments<{ page: string | null }>} component */
export default function ({ data }) {
  if (!data.page) return;
  const links = /** @type {NodeListOf<HTMLAnchorElement>} */ (document.querySelectorAll('[data-testid="stSidebarNavLink"]'));
  const link = [...links].find(({ href }) => new URL(href).pathname.endsWith(`/${data.page}`));
  if (link) setTimeout(() => link.click());
  else location.assign(`${data.page}${location.search}`);
}
