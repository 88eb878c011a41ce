// A page with a container: Consent Mode as Google's tags keep it, a data layer, scripts that come or not.

/** Makes one; `scripts` says what an injected URL brings, or false where it fails. */
export function makePage({ dataLayer = {}, scripts = () => {}, window = {} } = {}) {
  const entries = {};
  const listeners = [];
  const isGranted = (type) => {
    const { update, default: initial } = entries[type] ?? {};
    // A type that nobody has set counts as granted.
    return update ?? initial ?? true;
  };
  const set = (which) => (signals) => {
    const before = Object.fromEntries(listeners.map(([type]) => [type, isGranted(type)]));
    for (const [type, word] of Object.entries(signals)) {
      (entries[type] ??= {})[which] = word === 'granted';
    }
    window.google_tag_data = { ics: { entries } };
    // Never from unset to granted: that is no change.
    for (const [type, listener] of listeners) {
      if (type in signals && isGranted(type) !== before[type]) {
        listener(type, isGranted(type));
      }
    }
  };
  return {
    window,
    dataLayer,
    containerId: 'GTM-TEST123',
    lines: [],
    injected: [],
    inject(url, onSuccess, onFailure, cacheToken) {
      this.injected.push(url);
      if (!cacheToken || this.injected.filter((other) => other === url).length === 1) {
        this.answer = scripts(url, window);
      }
      (this.answer === false ? onFailure : onSuccess)();
    },
    consent: {
      isGranted,
      listen: (type, listener) => listeners.push([type, listener]),
      setDefault: set('default'),
      update: set('update'),
    },
  };
}
