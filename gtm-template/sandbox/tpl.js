// Reads a template as the gallery stores it: its sections, and the scenarios in its tests.

const NAMES = [
  'TERMS_OF_SERVICE', 'INFO', 'TEMPLATE_PARAMETERS', 'SANDBOXED_JS_FOR_WEB_TEMPLATE', 'WEB_PERMISSIONS',
  'TESTS', 'NOTES',
];

/** The sections by name, in the order that the gallery wants; throws where one is missing or misplaced. */
export function sections(text) {
  const marks = [...text.matchAll(/^___([A-Z_]+)___$/gm)];
  const names = marks.map(([, name]) => name);
  if (names.join() !== NAMES.join()) {
    throw new Error(`the sections are ${names.join(', ')}`);
  }
  return Object.fromEntries(marks.map((mark, at) => {
    const from = mark.index + mark[0].length;
    return [mark[1], text.slice(from, marks[at + 1]?.index).trim()];
  }));
}

/** `setup` and the scenarios' `{ name, code }`: the little YAML that Tag Manager itself writes. */
export function scenarios(text) {
  const lines = text.split('\n');
  const block = (at, indent) => {
    const taken = [];
    for (let line = at; line < lines.length; line += 1) {
      if (lines[line] !== '' && !lines[line].startsWith(indent)) {
        break;
      }
      taken.push(lines[line].slice(indent.length));
    }
    return taken.join('\n').trim();
  };
  const found = { setup: '', scenarios: [] };
  lines.forEach((line, at) => {
    if (line.startsWith('- name: ')) {
      if (lines[at + 1] !== '  code: |-') {
        throw new Error(`no code below line ${at + 1}`);
      }
      found.scenarios.push({ name: line.slice('- name: '.length), code: block(at + 2, '    ') });
    } else if (line === 'setup: |-') {
      found.setup = block(at + 1, '  ');
    }
  });
  return found;
}
