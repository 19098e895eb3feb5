import type { Content, Product } from '../../shared/domain/catalog.ts';
import { button, element, part, replaceContents } from './element.ts';
import { icon } from './icons.ts';
import { poster } from './poster.ts';
import { standingOf, type Outlook, type Standing } from './titles.ts';
import { countOf } from './words.ts';

interface Actions {
  readonly onWatch: (content: Content) => void;
  readonly onOffer: (product: Product) => void;
}

/** Draws the titles, the open ones first to last as the catalogue lists them. */
export function showCatalogue(outlook: Outlook, actions: Actions): void {
  const standings = outlook.catalog.contents.map((content) => ({
    content,
    standing: standingOf(content, outlook),
  }));
  const open = standings.filter(({ standing }) => standing.open).length;
  part('catalogue-summary', HTMLElement).textContent =
    `${open} of ${countOf(standings.length, 'title')} open to you`;
  replaceContents(
    part('titles', HTMLElement),
    ...standings.map(({ content, standing }) => card(content, standing, actions)),
  );
}

function card(content: Content, standing: Standing, actions: Actions): HTMLElement {
  const { contentId, title } = content;
  return element(
    'li',
    { class: standing.open ? 'card open' : 'card locked', 'data-content': contentId },
    element(
      'div',
      { class: 'card-picture' },
      poster(contentId),
      element('span', { class: 'badge' }, icon(standing.open ? 'check' : 'lock'), badge(standing)),
    ),
    element('h2', { class: 'card-title' }, title),
    element('p', { class: 'card-reason' }, standing.open ? openReason(standing) : standing.sentence),
    action(content, standing, actions),
  );
}

function badge(standing: Standing): string {
  if (!standing.open) return 'Locked';
  return standing.free ? 'Free' : 'Open';
}

function openReason({ free }: { readonly free: boolean }): string {
  return free ? 'Free for everyone.' : 'In your plan.';
}

function action(content: Content, standing: Standing, actions: Actions): HTMLElement | undefined {
  const id = `title-${content.contentId}`;
  if (standing.open) {
    const label = element('span', {}, icon('play'), 'Watch');
    return button(label, () => actions.onWatch(content), {
      id,
      class: 'secondary',
      'aria-label': `Watch ${content.title}`,
    });
  }
  const { offer } = standing;
  if (!offer) return undefined;
  return button(`Get ${offer.title}`, () => actions.onOffer(offer), {
    id,
    class: 'primary',
    'aria-label': `Get ${offer.title} to watch ${content.title}`,
  });
}
