// Reports links that lead out of the site, and files: by any button of the mouse and by
// the keyboard. Addresses go without query and fragment.

import { fits, nameOf, selectorOf } from './describe.js';

const FILES = /^(pdf|docx?|xlsx?|pptx?|od[tsp]|rtf|txt|csv|zip|gz|tgz|rar|7z|tar|dmg|pkg|exe|msi|deb|rpm|apk|iso|epub|mp[34]|wav|og[gv]|avi|mov|mkv|webm)$/;

export const watchLinks = (run, tell) => {
  const click = (event, target, path) => {
    const link = path.find((one) => fits(one, 'a[href],area[href]'));
    // The right button follows nothing.
    if (!link || event.button > 1) return;
    const { protocol, origin, pathname, hostname } = new URL(link.href.baseVal ?? link.href, document.baseURI);
    const extension = /\.(\w{1,8})$/.exec(pathname)?.[1].toLowerCase();
    const isFile = link.hasAttribute('download') || FILES.test(extension);
    const isWeb = /^http/.test(protocol);
    if (!isFile && (!isWeb || hostname === location.hostname)) return;
    // A script makes and clicks a link for what it lets a person save.
    if (!event.isTrusted && !(isFile && navigator.userActivation?.isActive)) return;
    const attributes = {
      // Any other address is the content itself, or names nothing.
      'url.full': isWeb ? origin + pathname : protocol,
      text: nameOf(link) || undefined,
      selector: selectorOf(link),
    };
    if (isFile) {
      attributes['file.name'] = (link.download || (isWeb && pathname.split('/').pop()) || '').slice(0, 256) || undefined;
      attributes['file.extension'] = /\.(\w{1,8})$/.exec(attributes['file.name'])?.[1].toLowerCase();
    } else {
      attributes['url.domain'] = hostname;
      attributes.outbound = true;
      attributes.new_tab = link.target === '_blank' || event.button === 1 || event.ctrlKey || event.metaKey || event.shiftKey;
    }
    // What the page's own code keeps back leads nowhere.
    setTimeout(() => run(() => event.defaultPrevented || (isFile ? tell('downloads', 'file.downloaded', attributes) : tell('links', 'link.followed', attributes))));
  };
  return { click, auxclick: click };
};
