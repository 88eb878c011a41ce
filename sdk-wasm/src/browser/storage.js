// What is kept in the browser after consent: who is here, and what waits.
//
// Who is here is a cookie, because subdomains share it. What waits is in IndexedDB,
// a record a chunk, under this page's own name: each page sends its own. What a dead
// page left is adopted: the transaction that moves it is the lock, so that two pages
// never take the same.

const NAME = 'tidemark';
const STORE = 'chunks';
/** What the page of this tab before left in sessionStorage: its name, whether the server
 * answered it, and the changes of which it does not know that they were committed. */
const TAB = 'tidemark.tab';
/** Where watch/pages.js keeps the way between pages, while a visit lasts. */
export const TRAIL = 'tidemark.trail';
/** A page asks the others, and each that lives answers. */
const ASK = 'tidemark.ask';
const HERE = 'tidemark.here';
/** Who has not answered is dead: a page in the cache, frozen or closed. */
const ANSWER_MS = 1000;
/** As long as browsers keep a cookie that a script writes: 400 days. */
const MAX_AGE_S = 34_560_000;

const attempt = (use) => {
  try {
    return use();
  } catch {
    // Blocked or full, it is as if there were none.
  }
};
/** The lines that are JSON: storage is anybody's on the page's origin. */
const sound = (lines) =>
  `${lines}`
    .split('\n')
    .filter((line) => attempt(() => JSON.parse(line)))
    .map((line) => `${line}\n`)
    .join('');
/** Where a user's id stands in the line of who is here, see session.rs. */
const USER_AT = 122;
const randomName = () => Math.random().toString(36).slice(2, 12);

/**
 * @param {() => void} failed hears that nothing can be written
 * @param {(changes: [string, string?][]) => void} saved hears what is committed
 */
export const createStorage = (failed, saved) => {
  let page = randomName();
  /** The records of chunks that another page wrote. */
  const names = new Map();
  const alive = new Set();
  let domain;
  let adopted = 0;
  let database, opening, listens;
  /** Counts how often all was emptied: what was begun before must not fill it again. */
  let emptied = 0;
  /** Changes to the records, `[key, lines]` or `[key]`: not begun, and not committed. */
  let waiting = [];
  let unsure = [];

  const cookie = (value, maxAge, of) => {
    const secure = location.protocol === 'https:' ? ';secure' : '';
    document.cookie = `${NAME}=${value};path=/;max-age=${maxAge};samesite=lax${secure}${of}`;
  };
  const line = () => decodeURIComponent(/(?:^|; )tidemark=([^;]*)/.exec(document.cookie)?.[1] ?? '');

  const close = () => {
    database?.close();
    database = opening = undefined;
  };
  const open = () =>
    (opening ??= new Promise((resolve, reject) => {
      const request = indexedDB.open(NAME, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(STORE);
      request.onerror = reject;
      request.onsuccess = () => {
        database = request.result;
        // Another page empties storage, or the browser does.
        database.onversionchange = database.onclose = close;
        resolve();
      };
    }));
  /** Runs on the records in one transaction; resolves once that is committed. */
  const transact = (use) =>
    new Promise((resolve, reject) => {
      const transaction = database.transaction(STORE, 'readwrite', { durability: 'relaxed' });
      transaction.oncomplete = resolve;
      transaction.onabort = reject;
      use(transaction.objectStore(STORE));
    });
  const fail = () => {
    waiting = [];
    unsure = [];
    failed();
  };
  const apply = (changes) => (records) => {
    for (const [key, lines] of changes) {
      if (lines) records.put(lines, key);
      else records.delete(key);
    }
    records.transaction.commit?.();
  };
  const write = () => {
    if (!waiting.length) return;
    if (!database) return open().then(write).catch(fail);
    const all = waiting;
    waiting = [];
    transact(apply(all))
      .then(() => {
        unsure = unsure.filter((change) => !all.includes(change));
        saved(all);
      })
      .catch(fail);
  };
  const change = (...of) => {
    unsure.push(of);
    if (waiting.push(of) === 1) queueMicrotask(write);
  };
  /** What the page before in this tab left; it is gone, and needs no asking. */
  const takeBefore = () => {
    const text = attempt(() => sessionStorage.getItem(TAB));
    attempt(() => sessionStorage.removeItem(TAB));
    return attempt(() => JSON.parse(text)) ?? [];
  };
  const keyOf = (chunk) => names.get(chunk) ?? `${page}:${chunk}`;

  const listen = () => {
    if (listens) return;
    listens = true;
    addEventListener('storage', ({ key, newValue }) =>
      attempt(() => {
        if (key === ASK && newValue) localStorage.setItem(HERE, `${page} ${newValue}`);
        if (key === HERE && newValue) alive.add(newValue.split(' ')[0]);
      }),
    );
  };
  /** Which of these pages live. */
  const askFor = async (pages) => {
    if (!pages.length) return;
    localStorage.setItem(ASK, randomName());
    await new Promise((resolve) => setTimeout(resolve, ANSWER_MS));
    [ASK, HERE].forEach((key) => localStorage.removeItem(key));
  };

  return {
    /** Empty as well where the user's id is no JSON text. */
    stored: () =>
      attempt(() => {
        const text = line();
        JSON.parse(`"${text.slice(USER_AT)}"`);
        return text;
      }) ?? '',
    store: (text) =>
      attempt(() => {
        const value = encodeURIComponent(text);
        if (domain !== undefined) return cookie(value, MAX_AGE_S, domain);
        // The widest domain that takes it: a browser refuses public suffixes.
        const labels = location.hostname.split('.');
        for (let from = labels.length - 2; from >= -1; from--) {
          domain = from < 0 ? '' : `;domain=${labels.slice(from).join('.')}`;
          cookie(value, MAX_AGE_S, domain);
          if (document.cookie.includes(`${NAME}=${value}`)) return;
        }
        domain = undefined;
      }),
    save: (chunk, lines) => change(keyOf(chunk), lines),
    remove: (chunk) => {
      change(keyOf(chunk));
      names.delete(chunk);
    },
    /** Gives what dead pages left; `take` returns the number of each chunk, `trust`
     * hears that the server answered the page before. */
    adopt: async (take, trust) => {
      const begun = emptied;
      try {
        listen();
        const [before, isTrusted, left] = takeBefore();
        if (isTrusted) trust();
        await open();
        if (begun !== emptied) return;
        if (left?.length) await transact(apply(left));
        let keys;
        await transact((records) => {
          const request = records.getAllKeys();
          request.onsuccess = () => {
            keys = request.result;
          };
        });
        const ownerOf = (key) => `${key}`.split(':')[0];
        const others = [...new Set(keys.map(ownerOf))].filter((name) => name !== page && name !== before);
        alive.clear();
        await attempt(() => askFor(others));
        const found = [];
        if (begun !== emptied) return;
        await open();
        await transact((records) => {
          for (const key of keys) {
            const owner = ownerOf(key);
            if (owner === page || alive.has(owner)) continue;
            const request = records.get(key);
            request.onsuccess = () => {
              // Another page was quicker.
              if (request.result === undefined) return;
              const own = `${page}:a${adopted++}`;
              records.delete(key);
              records.put(request.result, own);
              found.push([own, request.result]);
            };
          }
        });
        found.forEach(([own, lines]) => names.set(take(sound(lines)), own));
      } catch {
        // What cannot be read cannot be adopted; whether it can be written shows then.
      }
    },
    /** The page may not come back: its name stays for the next one of this tab. */
    suspend: (isTrusted) => {
      attempt(() => listens && sessionStorage.setItem(TAB, JSON.stringify([page, isTrusted, unsure])));
      write();
      // An open connection would keep the page out of the back/forward cache.
      close();
    },
    /** The page came back. True when another one adopted what this one had. */
    resume: () => {
      const isTaken =
        listens && attempt(() => JSON.parse(sessionStorage.getItem(TAB)))?.[0] !== page;
      if (isTaken) {
        page = randomName();
        names.clear();
        unsure = [];
      } else takeBefore();
      return isTaken;
    },
    /** Empties everything, also what an earlier visit kept. */
    forget: () => {
      emptied++;
      waiting = [];
      unsure = [];
      names.clear();
      attempt(() => {
        const labels = location.hostname.split('.');
        cookie('', 0, '');
        labels.forEach((_, from) => cookie('', 0, `;domain=${labels.slice(from).join('.')}`));
      });
      attempt(() => [ASK, HERE].forEach((key) => localStorage.removeItem(key)));
      attempt(() => [TAB, TRAIL].forEach((key) => sessionStorage.removeItem(key)));
      close();
      attempt(() => indexedDB.deleteDatabase(NAME));
    },
  };
};
