// What a person sees of an element: whether it is there to be seen, how large it is in
// the viewport, how far from a point, and whether it only says to wait.

/** A larger thing is not asked what turns inside of it. */
const PARTS_MAX = 20;

const BUSY = 'progress:not([value]),[role=progressbar]:not([aria-valuenow]),[aria-busy=true]';

const insideOf = ({ left, right, top, bottom }) => [
  Math.min(right, innerWidth) - Math.max(left, 0),
  Math.min(bottom, innerHeight) - Math.max(top, 0),
];

/** Square pixels of a rectangle that are in the viewport. */
export const areaOf = (rect) => {
  const [width, height] = insideOf(rect);
  return width > 0 && height > 0 ? width * height : 0;
};

/** From a point to a rectangle; 0 inside of it. */
export const gapOf = ({ left, right, top, bottom }, x, y) =>
  Math.hypot(Math.max(left - x, x - right, 0), Math.max(top - y, y - bottom, 0));

export const isShown = (element) =>
  areaOf(element.getBoundingClientRect()) > 0 &&
  (element.checkVisibility?.({ opacityProperty: true, visibilityProperty: true }) ?? true);

/** Whether it says only that something is under way: it turns for ever, or ends in an ellipsis. */
export const isBusy = (element) =>
  element.matches(BUSY) ||
  (element.childElementCount < PARTS_MAX &&
    (/(…|\.\.\.)\s*$/.test(element.textContent.slice(-9)) ||
      !!element.getAnimations?.({ subtree: true }).some(
        ({ effect }) => effect?.getComputedTiming().iterations === Infinity,
      )));
