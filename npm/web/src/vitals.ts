// Core Web Vitals: a file of its own, loaded only where a page or its site asks for them.

import { onCLS, onFCP, onINP, onLCP, onTTFB } from 'web-vitals';

/** Tells each measure as an event's attributes, when it is known: most when the page is hidden. */
export function watchVitals(tell: (vital: object) => void): void {
  for (const on of [onCLS, onFCP, onINP, onLCP, onTTFB]) {
    on(({ name, value, delta, rating, id, navigationType }) =>
      tell({ name, value, delta, rating, id, navigation_type: navigationType }),
    );
  }
}
