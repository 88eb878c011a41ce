// A template's permissions, asked as Tag Manager asks them: whoever may not is told by an exception.

/** The value behind the section's typed form. */
function plain({ type, string, boolean, listItem, mapKey, mapValue }) {
  switch (type) {
    case 1: return string;
    case 2: return listItem.map(plain);
    case 3: return Object.fromEntries(mapKey.map((key, at) => [plain(key), plain(mapValue[at])]));
    case 8: return boolean;
    default: throw new Error(`a value of type ${type}`);
  }
}

/** Whether a URL is what a pattern names: https, a host that may begin with `*`, a path with `*`. */
export function matches(pattern, url) {
  const parts = /^https:\/\/([^/]+)(\/.*)$/.exec(pattern);
  if (!parts) {
    throw new Error(`${pattern} names no host and path over https`);
  }
  const [, host, path] = parts;
  let asked;
  try {
    asked = new URL(url);
  } catch {
    return false;
  }
  const literal = (text) => text.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*');
  // `*.` also names the domain itself; a pattern of a path names everything below it.
  const hosts = host.startsWith('*.') ? `(.*\\.)?${literal(host.slice(2))}` : literal(host);
  return asked.protocol === 'https:'
    && new RegExp(`^${hosts}$`).test(asked.host)
    && new RegExp(`^${literal(path)}`).test(asked.pathname + asked.search);
}

/** The permissions of a section; `used` gathers what was asked and granted. */
export function permissions(section) {
  const declared = new Map(JSON.parse(section).map(({ instance }) => [
    instance.key.publicId,
    Object.fromEntries(instance.param.map(({ key, value }) => [key, plain(value)])),
  ]));
  const used = new Set();
  const rules = {
    access_consent: ({ consentTypes }, type, way) =>
      consentTypes.some((rule) => rule.consentType === type && rule[way]) && `${type} ${way}`,
    access_globals: ({ keys }, ways, key) => {
      const wanted = ways === 'readwrite' ? ['read', 'write'] : [ways];
      const rule = keys.find((candidate) => candidate.key === key);
      return rule && wanted.every((way) => rule[way]) && wanted.map((way) => `${key} ${way}`);
    },
    access_template_storage: () => 'all',
    inject_script: ({ urls }, url) => urls.find((pattern) => matches(pattern, url)),
    logging: ({ environments }) => environments,
    read_container_data: () => 'all',
    read_data_layer: ({ allowedKeys, keyPatterns }, key) =>
      (allowedKeys === 'any' && 'any') || keyPatterns.find((pattern) => pattern === key),
  };
  const query = (name, ...asked) => {
    const rule = declared.get(name);
    const granted = rule && rules[name](rule, ...asked);
    for (const what of granted ? [granted].flat() : []) {
      used.add(`${name} ${what}`);
    }
    return Boolean(granted);
  };
  return {
    query,
    used,
    /** Everything that is declared, in the words of `used`. */
    all: () => [...declared].flatMap(([name, rule]) => {
      const ways = (rows, key) => rows.flatMap((row) =>
        ['read', 'write', 'execute'].filter((way) => row[way]).map((way) => `${name} ${row[key]} ${way}`));
      switch (name) {
        case 'access_consent': return ways(rule.consentTypes, 'consentType');
        case 'access_globals': return ways(rule.keys, 'key');
        case 'inject_script': return rule.urls.map((url) => `${name} ${url}`);
        case 'logging': return [`${name} ${rule.environments}`];
        case 'read_data_layer': return rule.keyPatterns.map((key) => `${name} ${key}`);
        default: return [`${name} all`];
      }
    }),
    require(name, ...asked) {
      if (!query(name, ...asked)) {
        throw new Error(`permission denied: ${name} ${asked.join(' ')}`);
      }
    },
  };
}
