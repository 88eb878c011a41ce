// Writes the labelled set: `node tests/sanitise/generate.mjs > tests/sanitise/lines.ndjson`.
// The same output every time; README.md tells where it comes from.
import * as values from './values.mjs'
import { CLEAN, PROSE, harmless } from './texts.mjs'

const r = values.randomness(20261121)
const lines = new Map()
const put = (line) => lines.set(line.text, line)

// The rule that each sort of value belongs to.
const RULES = { email: 'email', phone: 'phone', bare_phone: 'phone', card: 'card', iban: 'iban', ssn: 'ssn', ip: 'ip', jwt: 'jwt', key: 'secret', token: 'secret', password: 'secret', pem: 'private_key', person: 'user_path', national: 'national_id' }
const COUNTS = { email: 150, phone: 260, bare_phone: 60, card: 110, iban: 100, ssn: 60, ip: 110, jwt: 30, key: 70, token: 70, password: 50, pem: 20, person: 50, national: 60 }
// Words of the surroundings go along with a value that is labelled by them.
for (const [sort, count] of Object.entries(COUNTS)) {
  for (let n = 0; n < count; n++) {
    const template = PROSE[sort][n % PROSE[sort].length]
    const personal = []
    const text = template.replace(/\{\}/g, () => {
      const value = values[sort](r)
      personal.push({ rule: RULES[sort], value })
      return value
    })
    put({ text, kind: text.includes('\n') || /[={}]/.test(template) ? 'log' : 'text', personal })
  }
}

// URLs: what must go, and paths that must stay.
for (let n = 0; n < 60; n++) {
  const [url, value] = r.pick([
    () => { const q = `token=${values.token(r)}&x=1`; return [`https://shop.example/cart?${q}`, q] },
    () => { const q = `code=${r.digits(6)}&state=${r.digits(4)}`; return [`https://app.example/callback?${q}`, q] },
    () => { const q = `jo:${values.password(r).replace(/[^a-z0-9]/gi, '')}@`; return [`https://${q}db.example/x`, q] },
    () => { const q = `access_token=${r.digits(9)}`; return [`https://app.example/#${q}`, q] },
    () => { const q = `q=my+name+is+jo${r.digits(3)}`; return [`http://search.example/find?${q}`, q] },
  ])()
  put({ text: r.pick(PROSE.url).replace('{}', url), kind: 'url', personal: [{ rule: 'url', value }] })
}

// JSON of forms: by key name, nested, in arrays, numbers too.
const FORMS = [
  ['password', () => values.password(r)], ['user_email', () => 'none'], ['customerEmail', () => 'hidden'], ['phoneNumber', () => Number(r.digits(7)) + 1e6], ['latitude', () => 52 + r.below(1000) / 1000], ['longitude', () => 13 + r.below(1000) / 1000], ['authorization', () => 'opaque'], ['firstName', () => 'Alex'], ['last_name', () => 'Doe'], ['ssn', () => Number(r.digits(8)) + 1e8], ['creditCardNumber', () => 'four'], ['cvv', () => 100 + r.below(899)], ['dateOfBirth', () => '1980-01-02'], ['billing_address', () => ({ line1: 'Main Street 5', city: 'Springfield' })], ['API-Key', () => 'abc'], ['accessToken', () => 'opaque'], ['client_ip', () => 'unknown host'], ['cookies.cookie', () => 'a=b'], ['USER_PASSWORD', () => 'abc'], ['emails.email', () => ['a', 'b']],
]
for (let n = 0; n < 120; n++) {
  const [key, make] = FORMS[n % FORMS.length]
  const value = make()
  const inner = { id: r.below(9999), [key]: value, ok: true }
  const text = JSON.stringify(r.pick([inner, { form: inner }, { fields: [{ n: 1 }, inner] }, { a: { b: [inner] } }]))
  put({ text, kind: 'json', personal: [{ rule: 'key', value: JSON.stringify(value) }] })
}
for (let n = 0; n < 120; n++) {
  const clean = harmless(r)
  const form = r.pick([
    () => ({ order_id: clean.order(), total: r.below(9999) / 100, email_opened: true, password_length: r.below(20) }),
    () => ({ tokens_consumed: r.below(9999), prompt_length: r.below(99), message_id: clean.uuid(), model: 'gpt-4o-2024-08-06' }),
    () => ({ selector: `#buy-${r.below(99)} > span`, x: r.below(1920), y: r.below(1080), platform: 'web', flat: clean.decimal() }),
    () => ({ started_at: Number(`17${r.digits(11)}`), duration_ms: r.below(9999), commit: clean.commit(), color: clean.color() }),
    () => ({ items: [{ sku: clean.sku(), qty: r.below(9) }, { sku: clean.sku(), price: r.below(99) }], currency: 'EUR', is_mobile: false }),
    () => ({ state: 'open', code: 404, format: 'json', description: 'A description', tooltip: 'tip', clip: r.below(9) }),
  ])()
  put({ text: JSON.stringify(r.pick([form, { attributes: form }])), kind: 'json', personal: [] })
}

// As many lines with nothing personal as with something.
const personal = lines.size - [...lines.values()].filter((line) => line.personal.length === 0).length
for (let n = 0, clean = lines.size - personal; clean < personal && n < 40000; n++) {
  const names = harmless(r)
  const text = CLEAN[n % CLEAN.length].replace(/\{(\w+)\}/g, (_, name) => names[name]())
  if (!lines.has(text)) {
    clean++
    put({ text, kind: /[<>{}=/\\#]/.test(text) ? 'log' : 'text', personal: [] })
  }
}
for (const line of lines.values()) console.log(JSON.stringify(line))
