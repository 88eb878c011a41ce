// What could not be seen on this page, in the words of sdk.health.

export const blind = new Set();

/** Adds what only a look at the page as it is tells. */
export const lookForBlind = () => {
  const isHidden = (frame) => !frame.contentDocument && frame.offsetWidth > 1;
  if ([...document.querySelectorAll('iframe')].some(isHidden)) blind.add('cross_origin_frame');
  if (!/native code/.test(Function.prototype.toString.call(fetch))) blind.add('replaced_fetch');
  return [...blind];
};
