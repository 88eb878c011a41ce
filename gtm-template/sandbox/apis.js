// The documented APIs of a web template, over a page that a test makes: `window`, `dataLayer` as the
// container's model of it, `google_tag_data`, and `scripts`, which answer what is injected.

/** Types that cross between page and sandbox; what has none of them arrives as undefined. */
export function typeOf(value) {
  if (value === null) {
    return 'null';
  }
  return Array.isArray(value) ? 'array' : typeof value;
}

/** A copy of what crosses: values never share an object. */
export function copy(value) {
  switch (typeOf(value)) {
    case 'array': return value.map(copy);
    case 'object': return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, copy(member)]));
    case 'function': return value;
    case 'symbol': case 'bigint': return undefined;
    default: return value;
  }
}

/** Where a path of globals ends: its last object and name; the object is undefined where the way breaks. */
function place(window, path) {
  const names = path.split('.');
  const last = names.pop();
  let at = window;
  for (const name of names) {
    at = at?.[name];
  }
  return [Object(at) === at ? at : undefined, last];
}

/** Makes `require` for one firing of a tag. */
export function apis(page, permissions, storage) {
  const { window } = page;
  const read = (path) => {
    const [object, name] = place(window, path);
    return object?.[name];
  };
  const write = (path, value) => {
    const [object, name] = place(window, path);
    if (object) {
      object[name] = value;
    }
    return Boolean(object);
  };
  return {
    addConsentListener(type, listener) {
      permissions.require('access_consent', type, 'read');
      page.consent.listen(type, listener);
    },
    callInWindow(path, ...args) {
      permissions.require('access_globals', 'execute', path);
      const [object, name] = place(window, path);
      if (typeof object?.[name] === 'function') {
        return copy(object[name](...args.map(copy)));
      }
    },
    copyFromDataLayer(key) {
      permissions.require('read_data_layer', key);
      return copy(page.dataLayer[key]);
    },
    copyFromWindow(path) {
      permissions.require('access_globals', 'read', path);
      return copy(read(path));
    },
    createQueue(path) {
      permissions.require('access_globals', 'readwrite', path);
      if (!Array.isArray(read(path))) {
        write(path, []);
      }
      return (...values) => read(path)?.push(...values.map(copy));
    },
    getContainerVersion() {
      permissions.require('read_container_data');
      return {
        containerId: page.containerId, debugMode: false, environmentName: '', environmentMode: false,
        previewMode: false, version: '7',
      };
    },
    getType: typeOf,
    injectScript(url, onSuccess, onFailure, cacheToken) {
      permissions.require('inject_script', url);
      page.inject(url, onSuccess ?? (() => {}), onFailure ?? (() => {}), cacheToken);
    },
    isConsentGranted(type) {
      permissions.require('access_consent', type, 'read');
      return page.consent.isGranted(type);
    },
    JSON: {
      parse: (text) => {
        try {
          return JSON.parse(text);
        } catch {
          return undefined;
        }
      },
      stringify: (value) => JSON.stringify(value),
    },
    logToConsole(...values) {
      permissions.require('logging');
      page.lines.push(values.join(' '));
    },
    makeNumber: (value) => Number(value),
    makeString: (value) => String(value),
    Object: { keys: Object.keys, values: Object.values, entries: Object.entries },
    queryPermission: permissions.query,
    setInWindow(path, value, overrideExisting = false) {
      permissions.require('access_globals', 'write', path);
      if (read(path) !== undefined && !overrideExisting) {
        return false;
      }
      return write(path, copy(value));
    },
    templateStorage: {
      getItem(key) {
        permissions.require('access_template_storage');
        return storage.get(key);
      },
      setItem(key, value) {
        permissions.require('access_template_storage');
        storage.set(key, copy(value));
      },
    },
  };
}
