// Reports clicks inside of frames of the page's origin. Whether they were answered is
// not looked for there.

import { nameOf, ownControl, selectorOf } from './describe.js';

export const watchFrames = (tell) => ({
  click: ({ view, isTrusted, clientX: x, clientY: y }, target) => {
    if (view === window || !isTrusted || target.nodeType !== 1) return;
    // From the frame's corner to the page's.
    for (let one = view; one !== window; one = one.parent) {
      const { left, top } = one.frameElement.getBoundingClientRect();
      x += left;
      y += top;
    }
    const [control] = ownControl(target);
    tell('clicks', 'ui.clicked', {
      selector: selectorOf(control), x: Math.round(x), y: Math.round(y), tag: control.localName, text: nameOf(control) || undefined,
    });
  },
});
