// Listens where people are: in the window, in open shadow roots, in frames of the same
// origin. Events that stay inside of a shadow root (a submission, a medium) are heard
// there, from the first time that a person reaches into it.

const NAMES = 'click auxclick keydown input submit formdata play pause ended error unhandledrejection pointerdown focusin'.split(' ');

/**
 * @param {() => void} sync what is told next happens on the page as it is now
 * @param {Record<string, (event: Event, target: Element, path: EventTarget[]) => void>[]} parts
 * @param {Set<string>} blind
 * @param {boolean} withFrames
 */
export const watchRoots = (parts, run, sync, blind, withFrames) => {
  const known = new WeakSet();
  let last;
  const listen = (root) => {
    const document = root.document ?? root;
    if (known.has(document)) return;
    known.add(document);
    for (const name of NAMES) root.addEventListener(name, hear, true);
    // That a frame has loaded no window hears of.
    document.addEventListener('load', hear, true);
    document.querySelectorAll('iframe').forEach(enterFrame);
  };
  const enterFrame = (frame) => {
    if (withFrames && frame.contentDocument) listen(frame.contentWindow);
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
      if (path.some((one) => one.matches?.('[data-tidemark~=ignore]'))) return;
      sync();
      for (const part of parts) run(() => part[event.type]?.(event, target, path));
    });
  listen(window);
};
