// The shelf: the goods as cards with a stepper each, and the page of one good, as client-side routes.

import { GOODS, goodAt } from './catalogue.js';

// Careless campaign links are real; a page's query string is where personal data leaks first.
const LINK_QUERY = '?email=jo%40example.org&utm_source=tide-notes';

/** Draws the shelf and keeps the route and the document's title in step with the address. */
export function startShelf(basket) {
  const list = document.getElementById('goods');
  const template = document.getElementById('good-template');
  for (const good of GOODS) {
    const card = template.content.cloneNode(true);
    fill(card, good, basket);
    list.append(card);
  }

  document.addEventListener('click', (event) => {
    const link = event.target.closest('a[data-route]');
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) {
      return;
    }
    event.preventDefault();
    history.pushState(null, '', link.getAttribute('href'));
    showRoute();
    document.getElementById('shop').focus({ preventScroll: true });
    window.scrollTo({ top: 0 });
  });
  window.addEventListener('popstate', showRoute);
  showRoute();
}

function fill(card, good, basket) {
  const link = card.querySelector('.good-link');
  link.href = `/goods/${good.slug}${LINK_QUERY}`;
  link.dataset.testid = `link-${good.slug}`;
  card.querySelector('.tile').style.setProperty('--tint', good.tint);
  card.querySelector('use').setAttribute('href', `/art/goods.svg#${good.art}`);
  card.querySelector('.good-name').textContent = good.name;
  card.querySelector('.price').textContent = `€${good.price}`;

  const stepper = card.querySelector('.stepper');
  stepper.setAttribute('aria-label', `How many: ${good.name}`);
  stepper.dataset.testid = `stepper-${good.slug}`;
  const quantity = stepper.querySelector('.quantity');
  quantity.dataset.testid = `quantity-${good.slug}`;
  for (const button of stepper.querySelectorAll('.step')) {
    const step = Number(button.dataset.step);
    button.id = `${good.slug}-${step > 0 ? 'more' : 'fewer'}`;
    button.setAttribute('aria-label', `${step > 0 ? 'One more' : 'One fewer'}: ${good.name}`);
    button.addEventListener('click', () => {
      quantity.textContent = basket.add(good, step);
    });
  }
}

function showRoute() {
  const good = goodAt(location.pathname);
  const page = document.getElementById('product');
  document.getElementById('shelf').hidden = Boolean(good);
  page.hidden = !good;
  document.title = good ? `${good.name} · Wrackline Supply` : 'Wrackline Supply · a demo shop watched by Tidemark';
  if (good) {
    page.replaceChildren(...productParts(good));
  }
}

function productParts(good) {
  const tile = document.createElement('div');
  tile.className = 'tile';
  tile.style.setProperty('--tint', good.tint);
  tile.innerHTML = `<svg aria-hidden="true"><use href="/art/goods.svg#${good.art}"></use></svg>`;

  const words = document.createElement('div');
  const title = document.createElement('h1');
  title.textContent = good.name;
  const text = document.createElement('p');
  text.textContent = good.words;
  const price = document.createElement('p');
  price.className = 'price';
  price.textContent = `€${good.price}`;
  const back = document.createElement('a');
  back.href = '/';
  back.dataset.route = '';
  back.dataset.testid = 'back';
  back.textContent = '← All six things';
  words.append(title, text, price, back);
  return [tile, words];
}
