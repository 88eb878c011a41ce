// A person who does what a scenario's lines say, with a real mouse and keyboard:
//
//   click SELECTOR [xN] [every MS] [at X,Y]   moves there, presses and releases N times
//   tap SELECTOR [xN] [every MS]              touches it N times with a finger
//   triple SELECTOR                           a triple click, as text is selected
//   hold KEY xN                               a key that repeats
//   press KEY [xN] [every MS]                 a key, pressed and released
//   type SELECTOR TEXT                        clicks into a field and types
//   drag SELECTOR DX,DY                       presses, moves, releases
//   move SELECTOR                             moves there
//   shake SELECTOR xN [leg PX] [every MS]     moves to and fro
//   wheel DY · back · go PATH · wait MS

const HAND_MS = 70;
const FROZEN_MS = 150;

const number = (step, pattern, usual) => Number(pattern.exec(step)?.[1] ?? usual);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const boxOf = (page, selector) => page.locator(selector).first().boundingBox({ timeout: 15_000 });

/** Where a thing is; where it was, when the page is frozen: a person sees it all the same. */
const centre = async (page, selector, at) => {
  const known = page.known?.[selector];
  const box = await Promise.race([boxOf(page, selector), ...(known ? [pause(300).then(() => known)] : [])]);
  if (!box) throw new Error(`there is no ${selector} to be seen`);
  const [dx, dy] = at ?? [box.width / 2, box.height / 2];
  return [box.x + dx, box.y + dy];
};

/** Moves there in steps. A frozen page is not waited for. */
const glide = async (page, x, y) => {
  for (const share of [0.4, 0.75, 0.95, 1]) {
    const moved = page.mouse.move(x + (1 - share) * 60, y + (1 - share) * 40);
    page.made = [...(page.made ?? []), moved];
    await Promise.race([moved, pause(60)]);
    await pause(25);
  }
};

const DO = {
  click: async (page, selector, step) => {
    const at = /at (\d+),(\d+)/.exec(step)?.slice(1).map(Number);
    const [x, y] = await centre(page, selector, at);
    const every = number(step, /every (\d+)/, 250);
    await glide(page, x, y);
    await pause(120);
    let next = Date.now();
    // A hand does not wait for a page that is frozen.
    const made = [];
    const all = number(step, / x(\d+)/, 1);
    for (let left = all; left > 0; left--) {
      // Within half a second every second click makes a double click.
      const clickCount = every < 500 ? 1 + ((all - left) % 2) : 1;
      made.push(page.mouse.down({ clickCount }));
      await pause(Math.min(HAND_MS, every / 2));
      made.push(page.mouse.up({ clickCount }));
      next += every;
      if (left > 1) await pause(Math.max(0, next - Date.now()));
    }
    page.made = [...(page.made ?? []), ...made];
  },
  tap: async (page, selector, step) => {
    const [x, y] = await centre(page, selector);
    for (let left = number(step, / x(\d+)/, 1); left > 0; left--) {
      await page.touchscreen.tap(x, y);
      if (left > 1) await pause(number(step, /every (\d+)/, 250));
    }
  },
  triple: async (page, selector) => {
    const [x, y] = await centre(page, selector);
    await glide(page, x, y);
    for (const clickCount of [1, 2, 3]) {
      await page.mouse.down({ clickCount });
      await pause(40);
      await page.mouse.up({ clickCount });
      await pause(90);
    }
  },
  hold: async (page, key, step) => {
    for (let left = number(step, / x(\d+)/, 10); left > 0; left--) {
      await page.keyboard.down(key);
      await pause(35);
    }
    await page.keyboard.up(key);
  },
  press: async (page, key, step) => {
    for (let left = number(step, / x(\d+)/, 1); left > 0; left--) {
      await page.keyboard.press(key, { delay: 40 });
      await pause(number(step, /every (\d+)/, 250));
    }
  },
  type: async (page, selector, step) => {
    await DO.click(page, selector, '');
    await page.keyboard.type(step.split(' ').slice(2).join(' '), { delay: 45 });
  },
  drag: async (page, selector, step) => {
    const [x, y] = await centre(page, selector);
    const [dx, dy] = step.split(' ')[2].split(',').map(Number);
    await glide(page, x, y);
    await page.mouse.down();
    for (let part = 1; part <= 8; part++) {
      await page.mouse.move(x + (dx * part) / 8, y + (dy * part) / 8);
      await pause(30);
    }
    await page.mouse.up();
  },
  move: async (page, selector) => glide(page, ...(await centre(page, selector))),
  shake: async (page, selector, step) => {
    const [x, y] = await centre(page, selector);
    const leg = number(step, /leg (\d+)/, 220);
    const every = number(step, /every (\d+)/, 110);
    for (let turn = number(step, / x(\d+)/, 14); turn > 0; turn--) {
      for (let part = 1; part <= 4; part++) {
        const share = turn % 2 ? part / 4 : 1 - part / 4;
        await page.mouse.move(x - leg / 2 + leg * share, y + (part % 2) * 4);
        await pause(every / 4);
      }
    }
  },
  wheel: async (page, dy) => page.mouse.wheel(0, Number(dy)),
  back: async (page) => page.evaluate(() => history.back()),
  go: async (page, path) => page.evaluate((to) => location.assign(to), path),
  wait: async (page, ms) => pause(Number(ms)),
};

/** What the page may have to answer. */
const PRESSES = new Set(['click', 'tap', 'triple', 'hold', 'press', 'type', 'drag']);

/** Does a scenario's steps in order; `page.pressedAt` is when the last press was over. */
export const act = async (page, steps) => {
  page.known = {};
  for (const step of steps) {
    const [verb, selector] = step.split(' ');
    if (verb === 'click' && (await page.locator(selector).first().isVisible())) {
      page.known[selector] = await boxOf(page, selector);
    }
  }
  for (const step of steps) {
    const [verb, what] = step.split(' ');
    if (!DO[verb]) throw new Error(`a person cannot ${verb}`);
    await DO[verb](page, what, step);
    if (PRESSES.has(verb)) page.pressedAt = Date.now();
  }
  const done = Date.now();
  // A page that is gone takes what is under way with it.
  await Promise.allSettled(page.made ?? []);
  // A page that was frozen hears of it only now.
  if (Date.now() - done > FROZEN_MS) page.pressedAt = Date.now();
};
