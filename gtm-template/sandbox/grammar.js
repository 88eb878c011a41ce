// What the sandbox's JavaScript is made of: ECMAScript 5.1 with arrow functions, `const` and `let`,
// without `new`, `this`, classes, patterns, exceptions, and without any global but those named.
// Documented under "Sandboxed JavaScript" and "Standard library" of Tag Manager's templates; where they
// are silent, what is not said to be there is not.

import { parse } from 'acorn';

const ALLOWED = new Set([
  'Program', 'ExpressionStatement', 'BlockStatement', 'EmptyStatement', 'VariableDeclaration',
  'VariableDeclarator', 'FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression',
  'ReturnStatement', 'IfStatement', 'ForStatement', 'ForInStatement', 'WhileStatement', 'DoWhileStatement',
  'SwitchStatement', 'SwitchCase', 'BreakStatement', 'ContinueStatement', 'Identifier', 'Literal',
  'ArrayExpression', 'ObjectExpression', 'Property', 'UnaryExpression', 'UpdateExpression',
  'BinaryExpression', 'LogicalExpression', 'AssignmentExpression', 'ConditionalExpression',
  'CallExpression', 'MemberExpression',
]);

/** Methods of the sandbox's built-in types. */
const METHODS = new Set([
  // Array
  'concat', 'every', 'filter', 'forEach', 'indexOf', 'join', 'lastIndexOf', 'map', 'pop', 'push', 'reduce',
  'reduceRight', 'reverse', 'shift', 'slice', 'some', 'sort', 'splice', 'toString', 'unshift',
  // String
  'charAt', 'match', 'replace', 'search', 'split', 'substring', 'toLowerCase', 'toLocaleLowerCase',
  'toUpperCase', 'toLocaleUpperCase', 'trim',
  // What `require` and `data` give.
  'parse', 'stringify', 'keys', 'values', 'entries', 'freeze', 'delete', 'getItem', 'setItem', 'removeItem',
  'clear', 'gtmOnSuccess', 'gtmOnFailure',
]);

/** Throws where the code holds what the sandbox refuses; `globals` are the names that it may use. */
export function check(code, globals, methods = []) {
  const program = parse(code, { ecmaVersion: 2015, allowReturnOutsideFunction: true, locations: true });
  const declared = new Set(globals);
  const used = [];
  const refuse = (node, what) => {
    throw new SyntaxError(`${what} at line ${node.loc.start.line}`);
  };
  const declare = (pattern) => {
    if (pattern.type !== 'Identifier') {
      refuse(pattern, `${pattern.type} instead of a name`);
    }
    declared.add(pattern.name);
  };
  const visit = (node, parent, place) => {
    if (!ALLOWED.has(node.type)) {
      refuse(node, node.type);
    }
    if (node.type === 'Literal' && node.regex) {
      refuse(node, 'a pattern');
    }
    if (node.generator || node.async || node.kind === 'get' || node.kind === 'set' || node.method || node.shorthand) {
      refuse(node, 'a newer kind of function or member');
    }
    if (node.type === 'VariableDeclarator') {
      declare(node.id);
    }
    if (/Function/.test(node.type)) {
      node.params.forEach(declare);
      if (node.id) {
        declare(node.id);
      }
    }
    if (node.type === 'CallExpression' && node.callee.type === 'MemberExpression') {
      const { property, computed } = node.callee;
      if (computed || !(METHODS.has(property.name) || methods.includes(property.name))) {
        refuse(node, `a call of ${computed ? 'a computed member' : property.name}`);
      }
    }
    const isName = (parent.type === 'MemberExpression' && place === 'property' && !parent.computed)
      || (parent.type === 'Property' && place === 'key' && !parent.computed);
    if (node.type === 'Identifier' && !isName) {
      used.push(node);
    }
    for (const [key, value] of Object.entries(node)) {
      for (const child of Array.isArray(value) ? value : [value]) {
        if (child && typeof child.type === 'string') {
          visit(child, node, key);
        }
      }
    }
  };
  program.body.forEach((node) => visit(node, program, 'body'));
  for (const node of used) {
    if (!declared.has(node.name) && node.name !== 'undefined') {
      refuse(node, `the global ${node.name}`);
    }
  }
}
