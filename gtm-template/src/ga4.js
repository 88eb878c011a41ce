// GA4's events by the catalogue's names: the table in README.md. Both ways in hold this text, so it
// keeps to what a container's editor and its sandbox take: no `new`, no pattern, no global.
// `typeOf` tells a value's type, `numberOf` reads a number, as the sandbox names them.

var GA4_EVENTS = {
  view_item: 'commerce.view',
  add_to_cart: 'commerce.add_to_cart',
  begin_checkout: 'commerce.checkout',
  purchase: 'commerce.purchase',
  search: 'search.performed',
  login: 'user.logged_in'
};
// What GA4 takes in one event.
var ITEMS_MAX = 200;
// What the catalogue takes in a name or an identifier.
var TEXT_MAX = 256;
var LOGIN_METHODS = ['form', 'sso', 'magic_link', 'passkey'];

/** The catalogue's events of one of GA4's, as [name, attributes]; none where it is not in the table. */
var ga4Events = function (pushed, params, typeOf, numberOf) {
  var name = GA4_EVENTS[pushed];
  if (typeOf(name) !== 'string') {
    return [];
  }
  var order = typeOf(params) === 'object' ? params : {};
  var items = typeOf(order.items) === 'array' ? order.items.slice(0, ITEMS_MAX) : [];

  var text = function (value) {
    var written = typeOf(value) === 'number' ? '' + value : value;
    return typeOf(written) === 'string' && written ? written.slice(0, TEXT_MAX) : undefined;
  };
  var amount = function (value) {
    var given = typeOf(value) === 'number' || (typeOf(value) === 'string' && value !== '');
    var number = given ? numberOf(value) : -1;
    // A number minus itself is zero, unless it is none or has no end.
    return number - number === 0 && number >= 0 ? number : undefined;
  };
  var count = function (value) {
    var number = amount(value === undefined ? 1 : value);
    return number !== undefined && number % 1 === 0 ? number : undefined;
  };
  var currency = function () {
    var code = text(order.currency);
    return code && code.length === 3 ? code.toUpperCase() : undefined;
  };
  var product = function (price, quantity) {
    if (price === undefined || quantity === undefined) {
      return undefined;
    }
    var cents = price * quantity * 100 + 0.5;
    return (cents - (cents % 1)) / 100;
  };
  var pieces = function () {
    return items.length === 0 ? undefined : items.reduce(function (sum, item) {
      var quantity = typeOf(item) === 'object' ? count(item.quantity) : undefined;
      return sum + (quantity === undefined ? 1 : quantity);
    }, 0);
  };
  var only = function (attributes) {
    var kept = {};
    attributes.forEach(function (pair) {
      if (pair[1] !== undefined) {
        kept[pair[0]] = pair[1];
      }
    });
    return kept;
  };

  if (pushed === 'search') {
    var term = text(order.search_term);
    return [[name, only([['query', term], ['query_length', term && term.length]])]];
  }
  if (pushed === 'login') {
    return [[name, { method: LOGIN_METHODS.indexOf(order.method) < 0 ? 'other' : order.method }]];
  }
  if (pushed === 'begin_checkout' || pushed === 'purchase') {
    var isPurchase = pushed === 'purchase';
    return [[name, only([
      ['commerce.order_id', isPurchase ? text(order.transaction_id) : undefined],
      ['commerce.items_count', pieces()],
      ['commerce.value', amount(order.value)],
      ['commerce.currency', currency()],
      ['commerce.tax', isPurchase ? amount(order.tax) : undefined],
      ['commerce.shipping', isPurchase ? amount(order.shipping) : undefined],
      ['commerce.coupon', text(order.coupon)]
    ])]];
  }
  // One event a product: the catalogue's describe one.
  return (items.length === 0 ? [{}] : items).map(function (entry) {
    var item = typeOf(entry) === 'object' ? entry : {};
    var price = amount(item.price);
    var quantity = items.length === 0 ? undefined : count(item.quantity);
    var isOnly = items.length < 2 && amount(order.value) !== undefined;
    var value = isOnly ? amount(order.value) : product(price, quantity);
    return [name, only([
      ['commerce.product_id', text(item.item_id)],
      ['commerce.product_name', text(item.item_name)],
      ['commerce.product_category', text(item.item_category)],
      ['commerce.price', price],
      ['commerce.quantity', quantity],
      ['commerce.value', pushed === 'add_to_cart' ? value : undefined],
      ['commerce.currency', currency()]
    ])];
  });
};
