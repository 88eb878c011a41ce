// Listens where people are: in the window, in open shadow roots, in frames of the same
// origin. Events that stay inside of a shadow root (a submission, a medium) are heard
// there, from the first time that a person reaches into it.

import { fits } from './describe.js';

const NAMES = 'pointerup click auxclick keydown input submit formdata play pause ended error unhandledrejection pointerdown focusin'.split(' ');

/**
 * @param {() => void} sync what is told next happens on the page as it is now
 * @param {Record<string, (event: Event, target: Element, path: EventTarget[]) => void>[]} parts
 * @param {Set<string>} blind
 * @param {((view: Window) => () => void) | undefined} watchFrame watches a frame, where that is
 * wanted, and returns what listens anew in it
 * @returns {() => void} listens anew in the page, whose listeners are gone
 */
export const watchRoots = (parts, run, sync, blind, watchFrame) => {
  /** Documents and shadow roots, each with what else listens anew. */
  const known = new WeakMap();
  let last;
  const listen = (root) => {
    const document = root.document ?? root;
    if (!known.has(document)) known.set(document, root.document && root !== window ? watchFrame(root) : () => {});
    // A document that is written anew is the same one, and has lost its listeners. The browser adds
    // none a second time.
    known.get(document)();
    for (const name of NAMES) root.addEventListener(name, hear, true);
    // That a frame has loaded no window hears of.
    document.addEventListener('load', hear, true);
    document.querySelectorAll('iframe').forEach(enterFrame);
  };
  const enterFrame = (frame) => {
    if (watchFrame && frame.contentDocument) listen(frame.contentWindow);
  };
  const hear = (event) =>
    run(() => {
      // Heard by a window and by a shadow root in it.
      if (event === last) return;
      last = event;
      const path = event.composedPath();
      const [target] = path;
      if (event.type === 'load') return target.localName === 'iframe' && enterFrame(target);
      for (const one of path) if (one.host && one.nodeType === 11) listen(one);
      // A click in a closed one is its host's, which then has nothing of its own.
      if (target.localName?.includes('-') && !target.shadowRoot && !target.innerHTML.trim()) blind.add('closed_shadow_root');
      if (path.some((one) => fits(one, '[data-tidemark~=ignore]'))) return;
      sync();
      for (const part of parts) run(() => part[event.type]?.(event, target, path));
    });
  listen(window);
  return () => listen(window);
};
