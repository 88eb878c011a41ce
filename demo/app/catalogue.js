// What the shop sells. Prices are whole euros; `art` names a symbol of /art/goods.svg.

export const GOODS = [
  { slug: 'storm-lantern', name: 'Storm lantern', price: 48, art: 'lantern', tint: '#dbe9e6',
    words: 'Burns through a gale. Brass burner, glass that comes out for cleaning, a hook at the top.' },
  { slug: 'wave-mug', name: 'Wave mug', price: 16, art: 'mug', tint: '#f3dfcb',
    words: 'Enamelled steel, a third of a litre. It chips like everything honest does.' },
  { slug: 'watch-cap', name: 'Watch cap', price: 34, art: 'cap', tint: '#dfe4ea',
    words: 'Knitted from one undyed yarn and one very orange one, so that you are seen from the boat.' },
  { slug: 'dry-bag', name: 'Dry bag', price: 39, art: 'bag', tint: '#f2e6c4',
    words: 'Eighteen litres that stay dry. Roll the top three times, not two.' },
  { slug: 'camp-kettle', name: 'Camp kettle', price: 62, art: 'kettle', tint: '#e9dcd6',
    words: 'Boils six mugs on a handful of driftwood. The lid is on a chain for a reason.' },
  { slug: 'storm-glass', name: 'Storm glass', price: 29, art: 'glass', tint: '#e0e7d8',
    words: 'Crystals that grow before bad weather, or so it is said. Lovely either way.' },
];

/** Finds a good by the last part of a path such as `/goods/wave-mug`; undefined when there is none. */
export function goodAt(pathname) {
  return GOODS.find((good) => pathname === `/goods/${good.slug}`);
}
