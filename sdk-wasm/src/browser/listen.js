// What the SDK listens to for as long as the page lives: in the window and in the capture
// phase, before the page's own handlers. A page that is written anew (`document.open`)
// loses all listeners, and is listened to again.

/** Each adds a listener of ours; one that is still there the browser adds no second time. */
export const listens = [];

/** Hears an event of this name; `run` contains what `call` throws. */
export const listen = (run, name, call) => {
  const heard = (event) => run(() => call(event));
  const add = () => addEventListener(name, heard, true);
  listens.push(add);
  add();
};

/** Lets `then` follow each call of an owner's functions. */
export const follow = (run, owner, names, then) =>
  run(() => {
    for (const name of names) {
      const original = owner[name];
      owner[name] = function (...args) {
        const result = original.apply(this, args);
        run(then);
        return result;
      };
    }
  });
