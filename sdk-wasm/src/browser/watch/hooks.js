// Answers that leave no trace in a document: dialogs, tabs and downloads, sound, the
// clipboard, what is drawn. The functions that make them are listened to while a click
// is pending, and are the page's own again after it. A page that replaces one meanwhile
// keeps its own.

import { blind } from './blind.js';

const AWAY = 6;
const MEDIA = 7;
const SELECTION = 5;
const DRAWS = ['clearRect', 'fillRect', 'strokeRect', 'fill', 'stroke', 'fillText', 'drawImage', 'putImageData'];

/**
 * @param {(what: number) => void} answered
 * @param {(canvas: Element) => void} drawn
 * @returns {() => void} takes the hooks away
 */
export const hookAnswers = (answered, drawn) => {
  const undo = [];
  const hook = (owner, names, told) => {
    for (const name of names) {
      const original = owner?.[name];
      if (typeof original !== 'function') continue;
      const ours = function (...args) {
        told(this);
        return original.apply(this, args);
      };
      try {
        const own = Object.getOwnPropertyDescriptor(owner, name);
        if (own && !own.writable) blind.add('frozen_prototype');
        if (!own?.writable) continue;
        owner[name] = ours;
        undo.push(() => {
          if (owner[name] === ours) owner[name] = original;
        });
      } catch {
        // A frozen one stays as it is.
      }
    }
  };
  const of = (name) => window[name]?.prototype;
  const tells = (what) => () => answered(what);
  const draws = (context) => context.canvas instanceof Element && drawn(context.canvas);
  hook(window, ['alert', 'confirm', 'prompt', 'open'], tells(AWAY));
  hook(of('Element'), ['requestFullscreen'], tells(AWAY));
  hook(of('HTMLElement'), ['click'], (element) => element.matches('a,input') && answered(AWAY));
  hook(of('HTMLMediaElement'), ['play', 'pause'], tells(MEDIA));
  hook(of('AudioScheduledSourceNode'), ['start'], tells(MEDIA));
  hook(of('Clipboard'), ['writeText', 'write'], tells(SELECTION));
  hook(of('CanvasRenderingContext2D'), DRAWS, draws);
  for (const name of ['WebGLRenderingContext', 'WebGL2RenderingContext']) {
    hook(of(name), ['drawArrays', 'drawElements'], draws);
  }
  return () => undo.forEach((one) => one());
};
